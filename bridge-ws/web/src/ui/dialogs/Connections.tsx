import type { ReactNode } from "react";
import { ApiError } from "../../api/http";
import { connect, disconnect, type WaysIn } from "../../api/oauth";
import { useStrings } from "../../i18n/language";
import { Button } from "../parts/Button";
import { useSubmit } from "../parts/useSubmit";
import { Fault } from "./Dialog";

type Connection = WaysIn["providers"][number];

interface Props {
  ways: WaysIn;
  /** What the profile's field for it holds. */
  password: string;
  changed: () => void;
}

/** The providers by which one may log in, each to be connected or not. */
export function Connections({ ways, password, changed }: Props): ReactNode {
  const { oauth } = useStrings();
  if (ways.providers.length === 0) return null;
  return (
    <section className="connections" aria-label={oauth.title}>
      <h3>{oauth.title}</h3>
      <ul>
        {ways.providers.map((connection) => (
          <ConnectionRow key={connection.id} connection={connection} password={password} changed={changed} />
        ))}
      </ul>
    </section>
  );
}

function ConnectionRow({
  connection,
  password,
  changed,
}: Omit<Props, "ways"> & { connection: Connection }): ReactNode {
  const { oauth } = useStrings();
  const { name, connected } = connection;
  const { working, problem, fault, submit } = useSubmit(async () => {
    if (connected) {
      await disconnect(connection);
      changed();
    } else {
      location.assign(await connect(connection, password));
    }
  });
  const refused = problem instanceof ApiError ? problem.fault : "";
  const own = refused === "NotAllowed" ? oauth.onlyWay : refused === "LoginFailed" ? oauth.passwordFirst : undefined;
  return (
    <li>
      <span>{name}</span>
      <Button working={working} onClick={() => submit()}>
        {connected ? oauth.disconnect(name) : oauth.connect(name)}
      </Button>
      <Fault text={own ?? fault} />
    </li>
  );
}
