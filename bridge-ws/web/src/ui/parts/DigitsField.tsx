import type { ComponentProps, ReactNode } from "react";
import { Field } from "./Field";

/** A field for a number without a sign: whatever else is typed is left out. */
export function DigitsField({
  onDigits,
  ...rest
}: Omit<ComponentProps<typeof Field>, "onChange" | "inputMode" | "autoComplete"> & {
  onDigits: (digits: string) => void;
}): ReactNode {
  return (
    <Field
      {...rest}
      inputMode="numeric"
      autoComplete="off"
      onChange={(event) => onDigits(event.target.value.replace(/[^\d]/g, ""))}
    />
  );
}
