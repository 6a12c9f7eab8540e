// What one machine of a simulation has and a peer only borrows: its disk, its containers, its ports, its address book.

import type { Duplex } from 'node:stream';
import type { ContainerDriver } from '../../actors/containers/container-driver.ts';
import type { Prober } from '../../actors/containers/prober.ts';
import type { FrontListener } from '../../actors/routing/front-listener.ts';
import { createMemoryAddressBook } from '../../mesh/index.ts';
import type { AddressBook } from '../../mesh/index.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Clock, SeededRandom } from '../../runtime/index.ts';
import { createSimulatedContainerHost } from './simulated-container-driver.ts';
import type { ContainerFaults, SimulatedContainerHost } from './simulated-container-driver.ts';
import { createSimulatedDisk } from './simulated-disk.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

export interface SimulatedMachine {
  readonly name: string;
  readonly disk: SimulatedDisk;
  readonly containers: SimulatedContainerHost;
  readonly addressBook: AddressBook;
  /** The ports of one life of a peer: none is taken at its start. */
  readonly listener: () => FrontListener;
}

export interface SimulatedMachineOptions {
  readonly name: string;
  /** Of a peer that never crashes: machines outlive processes. */
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly containerFaults: ContainerFaults;
  /** `127.70.N`. */
  readonly addressPrefix: string;
}

export function createSimulatedMachine(options: SimulatedMachineOptions): SimulatedMachine {
  const { name, clock, random, containerFaults, addressPrefix } = options;
  return {
    name,
    disk: createSimulatedDisk({ clock, random: random.fork('disk') }),
    containers: createSimulatedContainerHost({
      clock,
      random: random.fork('containers'),
      faults: containerFaults,
      addressPrefix,
    }),
    addressBook: createMemoryAddressBook(),
    listener: createSimulatedListener,
  };
}

/** Ports are taken and given back; nobody connects. */
function createSimulatedListener(): FrontListener {
  const taken = new Set<string>();
  let lastPort = 40_000;
  return {
    listen: (host, wanted, _onConnection: (connection: Duplex) => void) => {
      const port = wanted === 0 ? ++lastPort : wanted;
      const key = `${host}:${port}`;
      if (taken.has(key)) {
        return Promise.resolve(failed(new SkeinError('conflict', `${key} is taken`)));
      }
      taken.add(key);
      return Promise.resolve(ok({ port, close: () => void taken.delete(key) }));
    },
  };
}

/** A probe succeeds while its pod, or the container it names, runs. */
export function createSimulatedProber(driver: ContainerDriver): Prober {
  return {
    look: async (target) => {
      const [pods, containers] = [await driver.pods(), await driver.containers()];
      if (!pods.ok || !containers.ok) return 'the engine does not answer';
      const running = containers.value.filter(({ state }) => state === 'running');
      if (target.type === 'exec') {
        return running.some(({ id }) => id === target.containerId) ? undefined : 'not running';
      }
      const pod = pods.value.find(({ address }) => address === target.host);
      const answers = running.some(({ podUid }) => podUid === pod?.config.uid);
      return answers ? undefined : `connection to ${target.host}:${target.port} refused`;
    },
  };
}
