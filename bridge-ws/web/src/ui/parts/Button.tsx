import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { Icon, type IconName } from "./Icon";
import "./button.css";

type Native = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "className">;

export function Button({
  look = "plain",
  wide = false,
  working = false,
  ...rest
}: Native & {
  look?: "main" | "plain" | "alert" | "quiet-alert" | "link";
  wide?: boolean;
  working?: boolean;
}): ReactNode {
  const names = ["button", `button-${look}`, wide ? "button-wide" : "", working ? "is-working" : ""];
  return (
    <button
      type="button"
      {...rest}
      className={names.filter(Boolean).join(" ")}
      aria-busy={working || undefined}
      disabled={rest.disabled === true || working}
    />
  );
}

/** A button that shows an icon alone; `label` is read out and shown as a hint. */
export function IconButton({
  icon,
  label,
  size = 20,
  ...rest
}: Native & { icon: IconName; label: string; size?: number; ref?: Ref<HTMLButtonElement> }): ReactNode {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} {...rest}>
      <Icon name={icon} size={size} />
    </button>
  );
}
