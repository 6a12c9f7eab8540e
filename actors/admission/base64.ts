// Bytes as text, for what is kept in JSON.

/** Standard base64, padded. */
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
