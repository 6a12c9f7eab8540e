// Asks a peer over https: requests, streams and watches; the next peer when one cannot be reached.

import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { CommandFailure, EXIT, unreachablePeer } from './failure.ts';
import type { PeerAccess } from './kubeconfig.ts';

/** A peer that does not answer the handshake in this time is passed over. */
const CONNECT_MS = 3_000;
/** A peer answers within this; commands that take longer say so. */
const ANSWER_MS = 30_000;
/** Largest answer that is read into memory. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

export type Json = Readonly<Record<string, unknown>>;

export interface Request {
  readonly method?: string;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly timeoutMs?: number;
}

export interface Client {
  /** The JSON answer. Throws CommandFailure: the API's refusal, or unreachable. */
  readonly json: <T = Json>(request: Request) => Promise<T>;
  /** The answer's bytes as they come; ends when `signal` aborts. */
  readonly stream: (request: Request, signal?: AbortSignal) => Promise<IncomingMessage>;
  /** The peer that answered last, or would be asked first. */
  readonly peer: () => PeerAccess;
  readonly close: () => void;
}

export interface ClientOptions {
  readonly peers: readonly PeerAccess[];
  /** Another peer may be asked in place of the first. */
  readonly mayMoveOn: boolean;
  /** Sentences for standard error: the server's warnings, and moving on. */
  readonly note: (sentence: string) => void;
}

/** What TLS needs, for requests and for WebSockets. */
export const tlsOf = (peer: PeerAccess): Record<string, unknown> => ({
  ...(peer.authority === undefined ? {} : { ca: peer.authority }),
  ...(peer.certificate === undefined ? {} : { cert: peer.certificate }),
  ...(peer.key === undefined ? {} : { key: peer.key }),
  ...(peer.serverName === undefined ? {} : { servername: peer.serverName }),
  rejectUnauthorized: !peer.skipVerification,
});

/** A failure below HTTP. `mayBeDone` is false when the request cannot have arrived. */
class ConnectionFailure extends Error {
  readonly mayBeDone: boolean;
  constructor(message: string, mayBeDone: boolean, cause?: unknown) {
    super(message, { cause });
    this.mayBeDone = mayBeDone;
  }
}

const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;

function reasonOf(error: NodeJS.ErrnoException, peer: PeerAccess): string {
  const { code = '', message } = error;
  if (code === 'ECONNREFUSED') return 'nothing listens there (connection refused)';
  if (code === 'ENOTFOUND') return 'its name cannot be resolved';
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'there is no route to it';
  if (CERTIFICATE_CODES.test(code)) {
    return (
      `its certificate is not trusted (${message}); the kubeconfig may belong to another cluster, ` +
      `or the certificate does not name ${new URL(peer.server).hostname}`
    );
  }
  return message === '' ? code : message;
}

function send(
  agent: Agent,
  peer: PeerAccess,
  request: Request,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
  return new Promise((resolve, reject) => {
    let connected = false;
    const fail = (message: string, cause?: unknown): void => {
      clearTimeout(timer);
      outgoing.destroy();
      reject(new ConnectionFailure(message, connected, cause));
    };
    const outgoing = httpsRequest(new URL(request.path, peer.server), {
      agent,
      method: request.method ?? 'GET',
      ...(signal === undefined ? {} : { signal }),
      headers: {
        accept: request.accept ?? 'application/json',
        'user-agent': 'skein',
        ...(peer.token === undefined ? {} : { authorization: `Bearer ${peer.token}` }),
        ...(body === undefined
          ? {}
          : {
              'content-type': request.contentType ?? 'application/json',
              'content-length': String(body.length),
            }),
      },
    });
    let timer = setTimeout(() => fail(`no answer within ${CONNECT_MS / 1_000} s`), CONNECT_MS);
    const onConnected = (): void => {
      connected = true;
      clearTimeout(timer);
      const limitMs = request.timeoutMs ?? ANSWER_MS;
      timer = setTimeout(
        () => fail(`connected, but no answer within ${limitMs / 1_000} s`),
        limitMs,
      );
    };
    outgoing.on('socket', (socket) => {
      if (outgoing.reusedSocket) onConnected();
      else socket.once('secureConnect', onConnected);
    });
    outgoing.on('error', (error) => fail(reasonOf(error, peer), error));
    outgoing.on('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    outgoing.end(body);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error(`the answer exceeds ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The texts of Warning headers (RFC 7234, section 5.5). */
export function warningsOf(header: string | undefined): readonly string[] {
  const found = [...(header ?? '').matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)];
  return found.map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'));
}

/** The API's refusal as a failure: the words of its Status, every cause on its own line. */
function refusal(code: number, text: string, peer: PeerAccess): CommandFailure {
  let status: Json = {};
  try {
    status = JSON.parse(text) as Json;
  } catch {
    // A proxy's page, or nothing: the code must do.
  }
  const { message = '', reason = '' } = status as { message?: string; reason?: string };
  const known = { code, reason };
  if (code === 401) {
    return new CommandFailure(
      EXIT.refused,
      `${peer.server} does not know who you are (${message || 'Unauthorized'}). ` +
        'Use the kubeconfig that a peer of this cluster wrote: --kubeconfig FILE.',
      known,
    );
  }
  return new CommandFailure(
    EXIT.refused,
    message === '' ? `${peer.server} answered ${code}${reason && ` ${reason}`}.` : message,
    known,
  );
}

/** Opens nothing yet; connections are kept for later requests until `close`. */
export function createClient(options: ClientOptions): Client {
  const agents = new Map<PeerAccess, Agent>();
  let order = [...options.peers];
  const agentOf = (peer: PeerAccess): Agent => {
    const agent = agents.get(peer) ?? new Agent({ keepAlive: true, ...tlsOf(peer) });
    agents.set(peer, agent);
    return agent;
  };

  /** A request that may have been done elsewhere already is only repeated when repeating is harmless. */
  const mayRepeat = (request: Request, failure: ConnectionFailure): boolean =>
    !failure.mayBeDone || (request.method ?? 'GET') === 'GET';

  const ask = async (request: Request, signal?: AbortSignal): Promise<IncomingMessage> => {
    const troubles: string[] = [];
    const inTurn = order;
    for (const peer of inTurn) {
      try {
        const response = await send(agentOf(peer), peer, request, signal);
        order = [peer, ...order.filter((other) => other !== peer)];
        return response;
      } catch (error) {
        if (!(error instanceof ConnectionFailure)) throw error;
        if (signal?.aborted === true) throw unreachablePeer('interrupted', error);
        const trouble = `${peer.name} (${peer.server}): ${error.message}`;
        troubles.push(trouble);
        if (!mayRepeat(request, error)) {
          throw unreachablePeer(
            `Lost ${trouble}. The request may have been carried out: look before you repeat it.`,
            error,
          );
        }
        if (!options.mayMoveOn) break;
        if (peer !== inTurn.at(-1)) options.note(`Cannot reach ${trouble}; asking the next peer.`);
      }
    }
    throw unreachablePeer(
      troubles.length === 1
        ? `Cannot reach ${troubles[0]}. Is the peer running? Name another with --peer URL.`
        : `No peer can be reached:\n${troubles.map((line) => `  ${line}`).join('\n')}`,
    );
  };

  const open = async (request: Request, signal?: AbortSignal): Promise<IncomingMessage> => {
    const response = await ask(request, signal);
    const header = response.headers['warning'];
    for (const words of warningsOf(header)) options.note(`Warning: ${words}`);
    const code = response.statusCode ?? 0;
    if (code >= 200 && code < 300) return response;
    throw refusal(code, await readText(response), order[0]!);
  };

  return {
    json: async <T>(request: Request) => {
      const response = await open(request);
      const text = await readText(response).catch((error: unknown) => {
        throw unreachablePeer(`The answer of ${order[0]!.server} broke off.`, error);
      });
      return JSON.parse(text) as T;
    },
    stream: open,
    peer: () => order[0]!,
    close: () => {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}
