// What a peer says of itself: a constant message and flat fields.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * error: an operator must act; warn: degraded; info: state changed; debug: messages.
 * Pure files do not log: they return what happened.
 */
export interface Logger {
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
  /** A logger that adds `fields` to every line. */
  readonly child: (fields: LogFields) => Logger;
}
