import { parsed } from "./json";
import { Kind, type Message } from "./message";

/** A file that a message shows. */
export interface SharedFile {
  /** Digits. */
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly contentType: string;
}

/** Types that a page may show as pictures: none of them can run anything. */
const PICTURES: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"]);

/** The file that a message shows; null where it shows none, or none that can be told. */
export function fileOf({ kind, text }: Message): SharedFile | null {
  if (kind !== Kind.File) return null;
  const { fileId, fileName, size, contentType } = parsed(text) ?? {};
  // The id becomes part of an address, and must not lead anywhere else.
  if (typeof fileId !== "string" || !/^\d+$/.test(fileId) || typeof fileName !== "string") return null;
  return {
    id: fileId,
    name: fileName,
    sizeBytes: typeof size === "number" ? size : 0,
    contentType: typeof contentType === "string" ? contentType : "",
  };
}

export function isPicture({ contentType }: SharedFile): boolean {
  return PICTURES.has(contentType);
}
