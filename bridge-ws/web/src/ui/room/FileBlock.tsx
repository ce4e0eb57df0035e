import { useState, type ReactNode } from "react";
import { fileHref } from "../../api/files";
import { useStrings } from "../../i18n/language";
import { sizeText } from "../../i18n/sizes";
import { isPicture, type SharedFile } from "../../protocol/sharedFile";
import { Icon } from "../parts/Icon";
import "./file.css";

/** A file in a message: a picture is seen, anything else is fetched by a press. */
export function FileBlock({ file }: { file: SharedFile }): ReactNode {
  const strings = useStrings();
  const [broken, setBroken] = useState(false);
  const href = fileHref(file.id);
  if (isPicture(file) && !broken) {
    // The place is the picture's from the beginning, whatever its shape, so that nothing moves when it has come.
    return (
      <a className="picture" href={href} target="_blank" rel="noopener" title={file.name}>
        <img src={href} alt={file.name} loading="lazy" decoding="async" onError={() => setBroken(true)} />
      </a>
    );
  }
  return (
    <a className="file" href={href} download={file.name}>
      <span className="file-mark">
        <Icon name="file" />
      </span>
      <span className="file-name">{file.name}</span>
      <span className="hidden-text">{strings.file.download}</span>
      <span className="file-size">{sizeText(strings, file.sizeBytes)}</span>
    </a>
  );
}
