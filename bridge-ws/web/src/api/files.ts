import { ApiError, parsed, refusalOf } from "./http";

export function fileHref(id: string): string {
  return `/api/file/${id}`;
}

export interface Uploading {
  /** Resolves once the room has the file's message. */
  readonly done: Promise<void>;
  cancel(): void;
}

/** Sends a file to a room. With the old way of asking: `fetch` does not tell how much of a body has left. */
export function uploadFile(room: number, file: File, sent: (bytes: number) => void): Uploading {
  const request = new XMLHttpRequest();
  const form = new FormData();
  // Before the file, so that a server that will not have it need not take its bytes.
  form.set("channelId", String(room));
  form.set("file", file, file.name);
  const done = new Promise<void>((resolve, reject) => {
    request.upload.onprogress = ({ loaded }) => sent(Math.min(loaded, file.size));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(refusalOf(request.status, parsed(request.responseText), request.statusText));
    };
    request.onerror = () => reject(new ApiError(0, "", "no answer"));
    request.onabort = () => reject(new ApiError(0, "", "given up"));
  });
  request.open("POST", "/api/file");
  request.setRequestHeader("accept", "application/json");
  request.send(form);
  return { done, cancel: () => request.abort() };
}
