import { useState, type ComponentProps, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { IconButton } from "./Button";
import { Field } from "./Field";

/** A password, which may be looked at while it is typed. */
export function PasswordField(props: Omit<ComponentProps<typeof Field>, "type" | "after">): ReactNode {
  const strings = useStrings();
  const [seen, setSeen] = useState(false);
  return (
    <Field
      {...props}
      type={seen ? "text" : "password"}
      spellCheck={false}
      autoCapitalize="off"
      after={
        <IconButton
          icon={seen ? "eyeShut" : "eye"}
          label={seen ? strings.entry.hidePassword : strings.entry.showPassword}
          onClick={() => setSeen(!seen)}
        />
      }
    />
  );
}
