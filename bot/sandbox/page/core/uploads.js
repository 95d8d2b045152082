// Sending a file to the sandbox, before the command or the form that names it.
import { fileSize } from "./dom.js";

/** The stored attachment. Throws an Error whose message is a sentence for the person. */
export async function upload(file, { user, limit }) {
  if (limit && file.size > limit)
    throw new Error(
      `${file.name} is ${fileSize(file.size)}; the limit here is ${fileSize(limit)}.`,
    );
  const body = new FormData();
  body.append("file", file, file.name);
  const url = `/client/uploads?user=${encodeURIComponent(user)}`;
  const response = await fetch(url, { method: "POST", body }).catch(() => null);
  if (response?.ok) return response.json();
  const problem = await response?.json().catch(() => null);
  throw new Error(
    problem?.message ?? problem?.error ?? `${file.name} could not be uploaded. Try again.`,
  );
}
