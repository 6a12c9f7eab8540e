// The checker against the definition of linearizability, and against histories made to be right or wrong.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createSeededRandom } from '../../runtime/index.ts';
import { checkHistory } from './checker.ts';
import { createRecorder } from './history.ts';
import type { Operation } from './history.ts';
import { keyValueModel } from './key-value-model.ts';
import type { KeyValueInput, KeyValueOutput } from './key-value-model.ts';
import { keyed } from './model.ts';
import { isLinearizableByDefinition } from './naive-checker.ts';
import { randomRegisterHistory } from './random-history.ts';
import { registerModel } from './register-model.ts';
import type { RegisterInput, RegisterOutput } from './register-model.ts';

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

const seed = fc.integer({ min: 0, max: 2 ** 31 });
const judge = (history: readonly RegisterOperation[]) => checkHistory(registerModel, history);

const value = fc.integer({ min: 0, max: 2 });
const request: fc.Arbitrary<Pick<RegisterOperation, 'input'> & { output: RegisterOutput }> =
  fc.oneof(
    value.map((seen) => ({
      input: { type: 'read' as const },
      output: { type: 'value' as const, value: seen },
    })),
    value.map((written) => ({
      input: { type: 'write' as const, value: written },
      output: { type: 'written' as const },
    })),
    fc.tuple(value, value, fc.boolean()).map(([from, to, isSwapped]) => ({
      input: { type: 'cas' as const, from, to },
      output: { type: 'compared' as const, isSwapped },
    })),
  );
/** Any answers at all, at times so few that ends meet; most of these are not linearizable. */
const operation: fc.Arbitrary<RegisterOperation> = fc
  .record({
    request,
    invokedAt: fc.integer({ min: 0, max: 12 }),
    tookFor: fc.integer({ min: 1, max: 8 }),
    isKnown: fc.integer({ min: 0, max: 2 }).map((roll) => roll > 0),
  })
  .map(({ request: { input, output }, invokedAt, tookFor, isKnown }) => ({
    client: '',
    input,
    invokedAt,
    ...(isKnown ? { returned: { at: invokedAt + tookFor, output } } : {}),
  }));

describe('checking a history', () => {
  it('gives the verdict of the definition, for any few operations', () => {
    let good = 0;
    let bad = 0;
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 7 }), (history) => {
        const expected = isLinearizableByDefinition(registerModel, history);
        if (expected) good++;
        else bad++;
        assert.equal(judge(history).type, expected ? 'linearizable' : 'not-linearizable');
      }),
      { numRuns: 4_000 },
    );
    assert.ok(good > 200 && bad > 200, `${good} linearizable and ${bad} not: too one-sided`);
  });

  it('gives the verdict of the definition for texts that are put and appended to', () => {
    const text = fc.constantFrom('a', 'b', 'ab', 'ba', 'aab', 'bab');
    const operation: fc.Arbitrary<Operation<KeyValueInput, KeyValueOutput>> = fc
      .record({
        type: fc.constantFrom('get', 'get', 'put', 'append', 'append'),
        text,
        invokedAt: fc.integer({ min: 0, max: 12 }),
        tookFor: fc.integer({ min: 1, max: 8 }),
        isKnown: fc.integer({ min: 0, max: 3 }).map((roll) => roll > 0),
      })
      .map(({ type, text, invokedAt, tookFor, isKnown }) => ({
        client: '',
        input: type === 'get' ? { type, key: '' } : { type, key: '', value: text.slice(0, 1) },
        invokedAt,
        ...(isKnown
          ? { returned: { at: invokedAt + tookFor, output: type === 'get' ? { value: text } : {} } }
          : {}),
      }));
    let good = 0;
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 6 }), (history) => {
        const expected = isLinearizableByDefinition(keyValueModel, history);
        if (expected) good++;
        const verdict = checkHistory(keyValueModel, history);
        assert.equal(verdict.type, expected ? 'linearizable' : 'not-linearizable');
      }),
      { numRuns: 4_000 },
    );
    assert.ok(good > 200 && good < 3_800, `${good} linearizable: too one-sided`);
  });

  it('finds an order for whatever a real object answered, however requests overlap', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 1, max: 8 }), (seed, clients) => {
        const options = { operations: 150, clients, values: 4, unknown: 0.15 };
        const history = randomRegisterHistory(createSeededRandom(seed), options);
        assert.equal(judge(history).type, 'linearizable');
      }),
      { numRuns: 200 },
    );
  });

  it('finds a read of what nobody ever wrote', () => {
    fc.assert(
      fc.property(seed, fc.nat(), (seed, pick) => {
        const options = { operations: 80, clients: 5, values: 4, unknown: 0.1 };
        const history = [...randomRegisterHistory(createSeededRandom(seed), options)];
        const reads = history.filter(
          ({ input, returned }) => input.type === 'read' && returned !== undefined,
        );
        fc.pre(reads.length > 0);
        const read = reads[pick % reads.length]!;
        const { at } = read.returned!;
        const output: RegisterOutput = { type: 'value', value: 'never written' };
        history[history.indexOf(read)] = { ...read, returned: { at, output } };
        const verdict = judge(history);
        assert.equal(verdict.type, 'not-linearizable');
      }),
      { numRuns: 100 },
    );
  });

  it('finds a read of what a later acknowledged write had replaced', () => {
    fc.assert(
      fc.property(seed, (seed) => {
        const options = { operations: 60, clients: 5, values: 4, unknown: 0.1 };
        const before = randomRegisterHistory(createSeededRandom(seed), options);
        const end = Math.max(...before.map((each) => each.returned?.at ?? each.invokedAt)) + 1;
        const write = (value: string, at: number): RegisterOperation => ({
          client: 'writer',
          input: { type: 'write', value },
          invokedAt: at,
          returned: { at: at + 1, output: { type: 'written' } },
        });
        const read = (value: string, at: number): RegisterOperation => ({
          client: 'reader',
          input: { type: 'read' },
          invokedAt: at,
          returned: { at: at + 1, output: { type: 'value', value } },
        });
        const writes = [...before, write('old', end), write('new', end + 2)];
        assert.equal(judge([...writes, read('new', end + 4)]).type, 'linearizable');
        const verdict = judge([...writes, read('old', end + 4)]);
        assert.equal(verdict.type, 'not-linearizable');
        assert.ok(verdict.type === 'not-linearizable' && verdict.stuck.client === 'reader');
      }),
      { numRuns: 100 },
    );
  });

  it('lets a write of unknown outcome take effect late, never, but only once', () => {
    const recorder = createRecorder<RegisterInput, RegisterOutput>();
    const write = (value: number) => recorder.invoke('w', { type: 'write', value });
    const read = (value: number) =>
      recorder.invoke('r', { type: 'read' }).returns({ type: 'value', value });
    write(1);
    write(2).returns({ type: 'written' });
    read(2);
    assert.equal(judge(recorder.operations()).type, 'linearizable');
    read(1);
    assert.equal(judge(recorder.operations()).type, 'linearizable');
    write(3).returns({ type: 'written' });
    read(1);
    assert.equal(judge(recorder.operations()).type, 'not-linearizable');
  });

  it('judges each key alone, and names the key that is wrong', () => {
    const recorder = createRecorder<RegisterInput & { key: string }, RegisterOutput>();
    const model = keyed(registerModel);
    for (const key of ['a', 'b']) {
      recorder.invoke('w', { key, type: 'write', value: key }).returns({ type: 'written' });
      recorder.invoke('r', { key, type: 'read' }).returns({ type: 'value', value: key });
    }
    assert.equal(checkHistory(model, recorder.operations()).type, 'linearizable');
    recorder.invoke('r', { key: 'b', type: 'read' }).returns({ type: 'value', value: 'a' });
    const verdict = checkHistory(model, recorder.operations());
    assert.ok(verdict.type === 'not-linearizable' && verdict.key === 'b');
  });

  for (const [unknown, values] of [
    [0.2, 5],
    [0.4, 1_000],
  ] as const) {
    it(`stays small when nothing fits after ${unknown} of unknown outcomes of ${values} values`, () => {
      const options = { operations: 150, clients: 8, values, unknown };
      const history = [...randomRegisterHistory(createSeededRandom(5), options)];
      const output: RegisterOutput = { type: 'value', value: 'never written' };
      const returned = { at: 100_001, output };
      history.push({ client: 'r', input: { type: 'read' }, invokedAt: 100_000, returned });
      const verdict = checkHistory(registerModel, history, { configurations: 20_000 });
      assert.equal(verdict.type, 'not-linearizable');
    });
  }

  it('judges fifty clients who append to ten keys', () => {
    const random = createSeededRandom(6);
    const history = appends(random, 50, 10, 3_000);
    assert.equal(checkHistory(keyValueModel, history).type, 'linearizable');
    const at = history.findLastIndex(({ input }) => input.type === 'get');
    const read = history[at]!;
    const cut = read.returned!.output.value!.slice(0, -1);
    history[at] = { ...read, returned: { ...read.returned!, output: { value: cut } } };
    assert.equal(checkHistory(keyValueModel, history).type, 'not-linearizable');
  });

  it('says that it did not decide when it would need more memory than it may have', () => {
    const options = { operations: 60, clients: 8, values: 4, unknown: 0.2 };
    const history = randomRegisterHistory(createSeededRandom(7), options);
    assert.equal(checkHistory(registerModel, history, { configurations: 3 }).type, 'undecided');
  });
});

/** Clients of a real store, many at once, half of whose requests are appends. */
function appends(
  random: ReturnType<typeof createSeededRandom>,
  clients: number,
  keys: number,
  operations: number,
): Operation<KeyValueInput, KeyValueOutput>[] {
  const recorder = createRecorder<KeyValueInput, KeyValueOutput>();
  const store = new Map<string, string>();
  type Open = { input: KeyValueInput; answer: (output: KeyValueOutput) => void };
  const asked = new Map<number, Open>();
  const done = new Map<number, () => void>();
  for (let asks = 0; asks < operations || asked.size + done.size > 0;) {
    const client = random.integer(clients);
    const open = asked.get(client);
    const answer = done.get(client);
    if (answer !== undefined) {
      answer();
      done.delete(client);
    } else if (open !== undefined) {
      const { input } = open;
      const held = store.get(input.key) ?? '';
      if (input.type !== 'get') store.set(input.key, held + input.value);
      done.set(client, () => open.answer(input.type === 'get' ? { value: held } : {}));
      asked.delete(client);
    } else if (asks < operations) {
      const key = `${random.integer(keys)}`;
      const input: KeyValueInput =
        random.float() < 0.5
          ? { type: 'get', key }
          : { type: 'append', key, value: `x ${client} ${asks} y` };
      asks++;
      asked.set(client, { input, answer: recorder.invoke(`${client}`, input).returns });
    }
  }
  return [...recorder.operations()];
}
