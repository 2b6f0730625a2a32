import { describe, expect, test } from 'vitest';
import { AslSyntaxError } from './errors.ts';
import { parseIntrinsic } from './intrinsics.ts';
import { simulate } from './simulate.ts';
import type { Json } from './types.ts';

function call(text: string, input: Json = {}) {
  const { execution } = simulate(
    {
      StartAt: 'Call',
      States: { Call: { Type: 'Pass', Parameters: { 'value.$': text }, OutputPath: '$.value', End: true } },
    },
    { input },
  );
  return execution;
}

describe('AWS "Intrinsics for JSONPath states": values', () => {
  test.each<[string, Json, Json]>([
    ["States.Format('Hello, {}!', $.name)", { name: 'Ada' }, 'Hello, Ada!'],
    ["States.Format('{} {} {} {}', 1, true, null, $.list)", { list: [1, 'a'] }, '1 true null [1, a]'],
    ["States.Format('{}', $.o)", { o: { a: 1, b: ['x', { c: null }] } }, '{a=1, b=[x, {c=null}]}'],
    ["States.Format('\\{{}\\} \\'{}\\' \\\\', 'a', 'b')", {}, "{a} 'b' \\"],
    ['States.Format($.template, 1)', { template: 'n={}' }, 'n=1'],
    ['States.StringToJson($.text)', { text: '{"a":[1]}' }, { a: [1] }],
    ['States.StringToJson(\'{"a": "b"}\')', {}, { a: 'b' }],
    ["States.StringToJson(' ')", {}, null],
    ['States.JsonToString($)', { a: [1, null] }, '{"a":[1,null]}'],
    ['States.Array()', {}, []],
    ["States.Array('a', 1, $.x, States.Array(2))", { x: { y: 1 } }, ['a', 1, { y: 1 }, [2]]],
    ['States.ArrayPartition($.a, 2)', { a: [1, 2, 3] }, [[1, 2], [3]]],
    ['States.ArrayPartition($.a, 2.5)', { a: [1, 2, 3, 4] }, [[1, 2, 3], [4]]],
    ['States.ArrayContains($.a, $.b)', { a: [{ x: 1, y: [2] }], b: { y: [2], x: 1 } }, true],
    ["States.ArrayContains($.a, '1')", { a: [1] }, false],
    ['States.ArrayRange(1, 9, 2)', {}, [1, 3, 5, 7, 9]],
    ['States.ArrayRange(3, 0, -1)', {}, [3, 2, 1, 0]],
    ['States.ArrayGetItem($.a, 1)', { a: [1, null] }, null],
    ['States.ArrayLength($.a)', { a: [1, 1] }, 2],
    [
      'States.ArrayUnique($.a)',
      { a: [1, 1, '1', [1], [1], { a: 1, b: 2 }, { b: 2, a: 1 }] },
      [1, '1', [1], { a: 1, b: 2 }],
    ],
    ["States.Base64Encode('Grüße')", {}, 'R3LDvMOfZQ=='],
    ["States.Base64Decode('R3LDvMOfZQ==')", {}, 'Grüße'],
    ["States.Base64Decode('YQ')", {}, 'a'],
    ["States.Hash('a', 'MD5')", {}, '0cc175b9c0f1b6a831c399e269772661'],
    ["States.Hash('a', 'SHA-256')", {}, 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'],
    ['States.JsonMerge($.a, $.b, false)', { a: { x: { p: 1 }, y: 1 }, b: { x: { q: 2 } } }, { x: { q: 2 }, y: 1 }],
    ['States.MathAdd(111, -1)', {}, 110],
    ['States.MathAdd(1.5, -2.5)', {}, 0],
    ["States.StringSplit('1,2,,3', ',')", {}, ['1', '2', '3']],
    ["States.StringSplit('This.is+a,test=string', '.+,=')", {}, ['This', 'is', 'a', 'test', 'string']],
  ])('%s', (text, input, expected) => {
    expect(call(text, input).output).toEqual(expected);
  });

  test('States.UUID is a version 4 UUID, another one each time, the same when it is played again', () => {
    const uuids = 'States.Array(States.UUID(), States.UUID())';
    const first = call(uuids).output as string[];
    expect(first[0]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(first[0]).not.toBe(first[1]);
    expect(call(uuids).output).toEqual(first);
  });

  test('States.MathRandom lies between its start and, exclusively, its end; a seed decides it', () => {
    for (let seed = 0; seed < 20; seed++) {
      const value = call(`States.MathRandom(3, 6, ${seed})`).output;
      expect([3, 4, 5]).toContain(value);
      expect(call(`States.MathRandom(3, 6, ${seed})`).output).toBe(value);
    }
  });
});

describe('AWS "Intrinsics for JSONPath states": what they refuse is States.IntrinsicFailure', () => {
  test.each([
    ["States.Format('{} {}', 1)", {}],
    ["States.Format('{}', 1, 2)", {}],
    ['States.Format(1)', {}],
    ["States.StringToJson('{')", {}],
    ['States.StringToJson(1)', {}],
    ['States.ArrayPartition($.a, 0)', { a: [] }],
    ['States.ArrayPartition($.a, -1)', { a: [] }],
    ["States.ArrayLength('a')", {}],
    ['States.ArrayGetItem($.a, 2)', { a: [1, 2] }],
    ['States.ArrayGetItem($.a, -1)', { a: [1, 2] }],
    ['States.ArrayRange(1, 9, 0)', {}],
    ['States.ArrayRange(1, 2000, 1)', {}],
    ['States.Base64Encode($.long)', { long: 'x'.repeat(10_001) }],
    ["States.Base64Decode('Y*Q=')", {}],
    ["States.Base64Decode('YQ=')", {}],
    ["States.Hash('a', 'SHA-3')", {}],
    ["States.Hash('a', 'toString')", {}],
    ['States.JsonMerge($.a, $.a, true)', { a: {} }],
    ['States.JsonMerge($.a, $.b, false)', { a: {}, b: [] }],
    ["States.MathAdd('1', 1)", {}],
    ['States.MathAdd(2147483648, 1)', {}],
    ['States.MathRandom(5, 5)', {}],
    ['States.StringSplit(1, 1)', {}],
  ])('%s', (text, input) => {
    const { error, cause } = call(text, input);
    expect(error).toBe('States.IntrinsicFailure');
    expect(cause).toContain(
      `executing the state 'Call' (entered at the event id #2). The function '${text}' had the following error: `,
    );
  });

  test('a path that finds nothing is named', () => {
    expect(call('States.Array($.none)')).toMatchObject({
      error: 'States.Runtime',
      cause: expect.stringContaining(
        "The JsonPath argument for the field '$.none' could not be found in the input '{}'",
      ),
    });
  });
});

describe('AWS "Intrinsics for JSONPath states": what can be read', () => {
  test.each([
    'States.Nothing()',
    'States.Format',
    'States.Format(',
    "States.Format('a'",
    "States.Format('a)",
    "States.Format('a' 'b')",
    'States.Format()',
    'States.UUID(1)',
    'States.Hash($.a)',
    'States.Array(a)',
    "States.Array('a\\nb')",
    'States.StringToJson(\'{"a": "\\""}\')',
    'States.Array($.)',
    'States.Array() ',
    'Format($.a)',
    'States.toString()',
  ])('%s is refused with the place', (text) => {
    try {
      parseIntrinsic(text);
      expect.unreachable(`${text} was read`);
    } catch (error) {
      expect(error).toBeInstanceOf(AslSyntaxError);
      expect((error as AslSyntaxError).position).toBeLessThanOrEqual(text.length);
    }
  });
});
