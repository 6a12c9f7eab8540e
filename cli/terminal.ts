// Where a command reads and writes: given to it, so that a test can be the person.

/** One invocation's surroundings. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Standard input; nobody else reads it. */
  readonly input: NodeJS.ReadableStream;
  /** Standard output and error as streams, for what is piped through. */
  readonly outStream: NodeJS.WritableStream;
  readonly errStream: NodeJS.WritableStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  readonly home: string;
  readonly isRoot: boolean;
  /** True when a person sits in front of standard input and output. */
  readonly isInteractive: boolean;
  /** Aborts when the person wants the command to end (Ctrl-C). */
  readonly interrupted: AbortSignal;
}

/** All of standard input as text. Rejects above `limitBytes`. */
export async function readInput(terminal: Terminal, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of terminal.input) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > limitBytes) {
      throw new Error(`standard input holds more than ${limitBytes} bytes: give less, or a file`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
