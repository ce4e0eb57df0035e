import { useState, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { isEmail } from "../entry/checks";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { useSubmit } from "../parts/useSubmit";

/** One line that asks for somebody's address and says what came of it. */
export function EmailForm({
  words,
  add,
  faultOf,
}: {
  words: { email: string; hint: string; submit: string };
  /** Does it, and gives what to say then. */
  add: (email: string) => Promise<string>;
  /** Words for a problem that this form knows better; others are told as everywhere. */
  faultOf?: (problem: unknown) => string | undefined;
}): ReactNode {
  const { check } = useStrings();
  const [email, setEmail] = useState("");
  const [checked, setChecked] = useState(false);
  const [done, setDone] = useState("");
  const { working, problem, fault, submit, forget } = useSubmit(async () => {
    setChecked(true);
    setDone("");
    if (!isEmail(email)) return;
    setDone(await add(email.trim()));
    setEmail("");
    setChecked(false);
  });
  return (
    <form className="one-line-form" noValidate onSubmit={submit}>
      <Field
        label={words.email}
        type="email"
        inputMode="email"
        autoFocus
        autoComplete="off"
        value={email}
        hint={done || words.hint}
        fault={checked && !isEmail(email) ? check.email : (faultOf?.(problem) ?? fault)}
        onChange={(event) => {
          setEmail(event.target.value);
          setChecked(false);
          forget();
        }}
      />
      <Button type="submit" look="main" working={working}>
        {words.submit}
      </Button>
      <p className="hidden-text" role="status">
        {done}
      </p>
    </form>
  );
}
