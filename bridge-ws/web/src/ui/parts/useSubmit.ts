import { useState, type FormEvent } from "react";
import { faultText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";

export interface Submitting {
  readonly working: boolean;
  /** What went wrong last; null: nothing did. */
  readonly problem: unknown;
  /** The same in words. */
  readonly fault: string | undefined;
  submit(event?: FormEvent): void;
  /** Takes the words back, as when what they were about is being changed. */
  forget(): void;
}

/** Does what a form is for, one time at once, and keeps what went wrong. */
export function useSubmit(act: () => Promise<void>): Submitting {
  const strings = useStrings();
  const [working, setWorking] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);

  async function run(): Promise<void> {
    setWorking(true);
    setProblem(null);
    try {
      await act();
    } catch (fault) {
      setProblem(fault);
    }
    setWorking(false);
  }

  return {
    working,
    problem,
    fault: problem === null ? undefined : faultText(strings, problem),
    submit(event) {
      event?.preventDefault();
      if (!working) void run();
    },
    forget: () => setProblem(null),
  };
}
