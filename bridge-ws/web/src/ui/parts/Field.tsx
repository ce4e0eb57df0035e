import { useId, type InputHTMLAttributes, type ReactNode, type Ref } from "react";
import "./field.css";

type Native = Omit<InputHTMLAttributes<HTMLInputElement>, "className" | "id">;

/** A labelled text field; `fault` replaces the hint and is read out. */
export function Field({
  label,
  hint,
  fault,
  note,
  after,
  ref,
  ...rest
}: Native & {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
  /** A word beside the label, such as "optional". */
  note?: string;
  /** A control within the field's end. */
  after?: ReactNode;
  ref?: Ref<HTMLInputElement>;
}): ReactNode {
  const id = useId();
  const below = fault ?? hint;
  return (
    <div className={fault === undefined ? "field" : "field has-fault"}>
      <label className="field-label" htmlFor={id}>
        {label}
        {note !== undefined && <span className="field-note"> {note}</span>}
      </label>
      <div className="field-box">
        <input
          {...rest}
          ref={ref}
          id={id}
          className="field-input"
          aria-invalid={fault !== undefined}
          aria-describedby={below === undefined ? undefined : `${id}-below`}
        />
        {after}
      </div>
      {below !== undefined && (
        <p className="field-below" id={`${id}-below`} role={fault === undefined ? undefined : "alert"}>
          {below}
        </p>
      )}
    </div>
  );
}
