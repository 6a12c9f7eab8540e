// A logger that writes lines to a stream: text for people on a terminal, JSON for programs otherwise.

import type { Clock } from './clock.ts';
import type { LogFields, Logger, LogLevel } from './log.ts';

export interface StreamLoggerOptions {
  /** Where lines go: `process.stderr`, usually. */
  readonly stream: { readonly write: (text: string) => unknown; readonly isTTY?: boolean };
  readonly clock: Clock;
  /** The lowest level that is written. Default info. */
  readonly level?: LogLevel | undefined;
  /** Default: text on a terminal, JSON otherwise. */
  readonly format?: 'text' | 'json' | undefined;
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

// Fields begin in this column, so that the eye finds them; a longer message moves its own.
const messageWidth = 32;

/** Characters of a field's value that are written; a stack or a strange name must not flood the log. */
const maxValueLength = 4_000;

/** Never throws; a stream that fails is its owner's concern. */
export function createStreamLogger(options: StreamLoggerOptions): Logger {
  const format = options.format ?? (options.stream.isTTY === true ? 'text' : 'json');
  const render = format === 'text' ? renderText : renderJson;
  return withFields({});

  function withFields(own: LogFields): Logger {
    const at = (level: LogLevel) => {
      if (ranks[level] < ranks[options.level ?? 'info']) return () => undefined;
      return (message: string, fields?: LogFields): void => {
        const time = new Date(options.clock.wallMs());
        options.stream.write(`${render(time, level, message, { ...own, ...fields })}\n`);
      };
    };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (fields) => withFields({ ...own, ...fields }),
    };
  }
}

function renderJson(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  const shortened = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, shorten(value)]),
  );
  // Twice: the first time for their place in the line, the second so that no field replaces them.
  const head = { time: time.toISOString(), level, message };
  return JSON.stringify({ ...head, ...shortened, ...head });
}

/** `12:04:31.250  warn   dead letter                       to=skein://a/b reason="mailbox full"` */
function renderText(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  const { stack, ...others } = fields;
  const flat = Object.entries(others)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${quote(shorten(value))}`);
  const clock = time.toISOString().slice(11, 23);
  const line = `${clock}  ${level.padEnd(5)}  ${message.padEnd(messageWidth)}  ${flat.join(' ')}`;
  const frames = typeof stack === 'string' ? stack.split('\n').slice(1) : [];
  return [line.trimEnd(), ...frames.map((frame) => `    ${frame.trim()}`)].join('\n');
}

type FieldValue = LogFields[string];

function shorten(value: FieldValue): FieldValue {
  if (typeof value !== 'string' || value.length <= maxValueLength) return value;
  return `${value.slice(0, maxValueLength)}… (${value.length} characters)`;
}

/** Quotes what would not read as one word. */
function quote(value: FieldValue): string {
  const text = String(value);
  // eslint-disable-next-line no-control-regex -- control characters are just what must not pass
  return text === '' || /[\s"=\u0000-\u001f]/.test(text) ? JSON.stringify(text) : text;
}
