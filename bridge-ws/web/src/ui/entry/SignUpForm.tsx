import { useState, type FormEvent, type ReactNode } from "react";
import { signUp } from "../../api/account";
import { ApiError } from "../../api/http";
import { faultText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";
import { useApp } from "../context";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { PasswordField } from "../parts/PasswordField";
import { isEmail, isName, isPassword } from "./checks";

export function SignUpForm(): ReactNode {
  const app = useApp();
  const strings = useStrings();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [checked, setChecked] = useState(false);
  const [working, setWorking] = useState(false);
  const [emailFault, setEmailFault] = useState<string>();
  const [fault, setFault] = useState<string>();

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setChecked(true);
    if (!isName(name) || !isEmail(email) || !isPassword(password)) return;
    setWorking(true);
    try {
      await signUp(email.trim(), name.trim(), password);
      await app.begin();
    } catch (problem) {
      const text = faultText(strings, problem);
      if (problem instanceof ApiError && problem.fault === "EmailTaken") setEmailFault(text);
      else setFault(text);
      setWorking(false);
    }
  }

  return (
    <form className="entry-fields" noValidate onSubmit={(event) => void submit(event)}>
      <Field
        label={strings.entry.name}
        name="name"
        autoComplete="nickname"
        required
        value={name}
        hint={strings.entry.nameHint}
        fault={checked && !isName(name) ? strings.check.name : undefined}
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={strings.entry.email}
        type="email"
        name="email"
        autoComplete="username"
        inputMode="email"
        required
        value={email}
        fault={checked && !isEmail(email) ? strings.check.email : emailFault}
        onChange={(event) => {
          setEmail(event.target.value);
          setEmailFault(undefined);
        }}
      />
      <PasswordField
        label={strings.entry.password}
        name="new-password"
        autoComplete="new-password"
        required
        value={password}
        hint={strings.entry.passwordHint}
        fault={checked && !isPassword(password) ? strings.check.password : fault}
        onChange={(event) => {
          setPassword(event.target.value);
          setFault(undefined);
        }}
      />
      <Button type="submit" look="main" wide working={working}>
        {strings.entry.signUp}
      </Button>
    </form>
  );
}
