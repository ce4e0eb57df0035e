import { memo, type ReactNode } from "react";
import { faultText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";
import { sizeText } from "../../i18n/sizes";
import type { Room } from "../../room/room";
import type { Upload } from "../../room/uploads";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import "./file.css";

/** A file on its way: how much of it has left, and the way to call it back. */
export const UploadItem = memo(function UploadItem({ upload, model }: { upload: Upload; model: Room }): ReactNode {
  const strings = useStrings();
  const { file, state, sentBytes } = upload;
  const isFailed = state === "failed";
  const size = sizeText(strings, file.size);
  return (
    <article className={isFailed ? "said is-mine is-last is-refused" : "said is-mine is-last"} data-upload={state}>
      <div className="said-body">
        <div className="bubble">
          <div className="file">
            <span className="file-mark">
              <Icon name="file" />
            </span>
            <span className="file-name">{file.name}</span>
            <span className="file-size">{isFailed ? size : `${sizeText(strings, sentBytes)} / ${size}`}</span>
          </div>
          {!isFailed && (
            <progress
              className="file-progress"
              aria-label={strings.file.progress(file.name)}
              max={file.size}
              value={sentBytes}
            />
          )}
        </div>
        <div className={isFailed ? "said-refused" : "said-ways"} role={isFailed ? "alert" : undefined}>
          {isFailed && (
            <p>
              <Icon name="warning" size={16} />
              <span>
                {strings.message.notSent}. {faultText(strings, upload.problem)}
              </span>
            </p>
          )}
          <span className="said-ways">
            {isFailed && (
              <Button look="link" onClick={() => model.uploads.retry(upload.key)}>
                {strings.message.sendAgain}
              </Button>
            )}
            <Button look="link" onClick={() => model.uploads.cancel(upload.key)}>
              {isFailed ? strings.message.discard : strings.cancel}
            </Button>
          </span>
        </div>
      </div>
    </article>
  );
});
