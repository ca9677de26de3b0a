import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionFault } from '../../../functions/model/audience/condition.ts';
import { audienceSchema } from '../../../functions/model/schemas/audience.ts';

const topic = (name: string) => `'${name}' in topics`;
const [a, b, c] = [topic('a'), topic('b'), topic('c')];

test("a condition is what FCM's grammar says", () => {
  for (const it of [
    a,
    ` ${a} `,
    `(${a})`,
    `((${a}))`,
    `!(${a})`,
    `! ( ${a} )`,
    `${a}&&${b}`,
    `${a} && ${b} || ${c}`,
    `${a} && (${b} || !(${c}))`,
    `!(${a}) && !(${b})`,
    topic('a-b_c.d~e%f'),
    `'a'  in  topics`,
    [a, b, c, topic('d'), topic('e')].join(' || '),
  ])
    assert.equal(conditionFault(it), null, it);
});

test('a text that is no condition is refused, and the fault says where', () => {
  for (const [it, fault] of [
    [`${a} &&`, /^ends where/],
    [')(', /character 1 /],
    ['', /^ends where/],
    ['   ', /^ends where/],
    ['()', /character 2 /],
    ['!', /character 1 /],
    [`(${a}`, /1 \( without a \)/],
    [`${a})`, /character 14 /],
    [`${a} ${b}`, /character 15 /],
    [`&& ${a}`, /character 1 /],
    [`${a} && && ${b}`, /character 18 /],
    [`${a} & ${b}`, /character 15 /],
    [`${a} and ${b}`, /character 15 /],
    [`!${a}`, /character 1 /],
    [`${a} !(${b})`, /character 15 /],
    [`"a" in topics`, /character 1 /],
    [`'a b' in topics`, /character 1 /],
    [`'ä' in topics`, /character 1 /],
    [`'' in topics`, /character 1 /],
    [`'a' in topic`, /character 1 /],
    [`'a' in topicsx`, /character 14 /],
    [`'a'\nin topics`, /character 1 /],
    [`'x' in topics || 'all-users`, /character 18 /],
    [`${a} && 'x\\' in topics`, /character 18 /],
    [[a, b, c, a, b, c].join(' || '), /5 topics/],
  ] as const) {
    const found = conditionFault(it);
    assert.match(String(found), fault, it);
    const parsed = audienceSchema.safeParse({ condition: it });
    assert.deepEqual(
      parsed.error?.issues.map(({ path, message }) => [path.join('.'), message]),
      [['condition', found]],
    );
  }
});

test('a condition of any depth is read without recursion', () => {
  const deep = (n: number) => '('.repeat(n) + a + ')'.repeat(n);
  assert.equal(conditionFault(deep(1_000_000)), null);
  assert.match(String(conditionFault('('.repeat(1_000_000))), /^ends where/);
});
