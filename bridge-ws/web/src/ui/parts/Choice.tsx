import { useId, type ReactNode } from "react";
import "./choice.css";

/** One of a few, side by side: radio buttons in the look of a strip of cloth. */
export function Choice<V extends string>({
  legend,
  options,
  value,
  onChange,
  hideLegend = false,
}: {
  legend: string;
  options: readonly { readonly value: V; readonly label: string; readonly lang?: string }[];
  value: V;
  onChange: (value: V) => void;
  hideLegend?: boolean;
}): ReactNode {
  const name = useId();
  return (
    <fieldset className="choice">
      <legend className={hideLegend ? "hidden-text" : "choice-legend"}>{legend}</legend>
      <div className="choice-strip">
        {options.map((option) => (
          <label key={option.value} className="choice-option" lang={option.lang}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
