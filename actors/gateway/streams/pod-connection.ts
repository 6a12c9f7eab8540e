// What a request for exec, attach or port-forward is connected with, once it is known that it can be.

import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { SkeinError } from '../../../runtime/index.ts';
import type { ExecSession } from '../../objects/pod-streams.ts';
import type { Exchange } from '../exchange.ts';
import { namesOf } from '../exchange.ts';
import { readNewest } from '../reads/get.ts';
import type { StatusError } from '../status.ts';
import { badRequest, fromSkeinError, methodNotAllowed } from '../status.ts';
import type { ExecStreams } from './pod-exec.ts';
import { attachOptions, execOptions } from './pod-exec.ts';
import { podTarget } from './pod-log.ts';
import type { PortDialer } from './port-forward.ts';
import { forwardedPorts } from './port-forward.ts';
import type { CommandTransport, PortTransport } from './stream-transport.ts';
import { commandTransport, portTransport } from './stream-transport.ts';

export type PodConnection =
  | {
      readonly type: 'command';
      readonly session: ExecSession;
      readonly streams: ExecStreams;
      readonly transport: CommandTransport;
    }
  | {
      readonly type: 'ports';
      readonly dial: PortDialer;
      /** Of the query; over SPDY each stream names its own. */
      readonly ports: readonly number[];
      readonly transport: PortTransport;
    };

/** A container that has not run has no log yet: that is the client's to wait for, not a missing pod. */
export function streamRefusal(error: SkeinError, exchange: Exchange, name: string): StatusError {
  if (error.code === 'not-found') return badRequest(error.message);
  return fromSkeinError(error, namesOf(exchange), name);
}

async function command(exchange: Exchange): Promise<PodConnection> {
  const { gateway, request, route } = exchange;
  const transport = commandTransport(request.headers);
  const pod = (await readNewest(exchange)) as Pod;
  const target = podTarget(pod);
  const open = async () => {
    if (route.subresource === 'attach') {
      const { options, streams } = attachOptions(pod, request.query);
      return { streams, opened: await gateway.streams.attach(target, options) };
    }
    const { options, streams } = execOptions(pod, request.query);
    return { streams, opened: await gateway.streams.exec(target, options) };
  };
  const { streams, opened } = await open();
  if (!opened.ok) throw streamRefusal(opened.error, exchange, route.name);
  return { type: 'command', session: opened.value, streams, transport };
}

async function ports(exchange: Exchange): Promise<PodConnection> {
  const { gateway, request } = exchange;
  const transport = portTransport(request.headers);
  const asked = forwardedPorts(request.query);
  if (transport.type === 'channels' && asked.length === 0) {
    throw badRequest('query parameter "ports" is required');
  }
  const target = podTarget((await readNewest(exchange)) as Pod);
  const dial: PortDialer = (port) => gateway.streams.connect(target, port);
  return { type: 'ports', dial, ports: asked, transport };
}

/** Throws a StatusError for what cannot be connected. */
export async function connectPod(exchange: Exchange): Promise<PodConnection> {
  const { verb, subresource } = exchange.route;
  switch (subresource) {
    case 'exec':
    case 'attach':
    case 'portforward':
      if (verb !== 'get' && verb !== 'create') throw methodNotAllowed();
      return subresource === 'portforward' ? ports(exchange) : command(exchange);
    default:
      throw badRequest(`${subresource} of a pod cannot be upgraded`);
  }
}
