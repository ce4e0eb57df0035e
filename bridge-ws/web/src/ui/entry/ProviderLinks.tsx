import { useEffect, useState, type ReactNode } from "react";
import { loginHref, providers, type Provider } from "../../api/oauth";
import { useStrings } from "../../i18n/language";

/** The other ways in, where the server has any. */
export function ProviderLinks(): ReactNode {
  const { oauth } = useStrings();
  const [known, setKnown] = useState<readonly Provider[]>([]);
  useEffect(() => {
    // A server that does not say has none to offer: the password is still a way in.
    providers().then(setKnown, () => undefined);
  }, []);
  if (known.length === 0) return null;
  return (
    <div className="entry-providers">
      <p className="entry-or">{oauth.or}</p>
      {known.map((provider) => (
        <a key={provider.id} className="button button-plain button-wide" href={loginHref(provider)}>
          {oauth.continueWith(provider.name)}
        </a>
      ))}
    </div>
  );
}
