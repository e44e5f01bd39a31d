/** What a decoder of this folder gives back: it never throws on bytes from outside. `reason` may quote them. */
export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

export function decoded<T>(value: T): Decoded<T> {
  return { ok: true, value };
}

export function undecodable<T>(reason: string): Decoded<T> {
  return { ok: false, reason };
}
