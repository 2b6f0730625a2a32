// One file because it follows two documents section by section: the EventBridge User Guide ("Event patterns" and its
// sub-pages) and Event Ruler's README, each section named in the describe.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Explanation,
  explain,
  type Fault,
  type FaultKind,
  InvalidEventPattern,
  type Json,
  JsonFault,
  matches,
  matchesText,
  parsePattern,
} from './index.ts';

const decide = (pattern: unknown, event: Json): boolean => matches(parsePattern(JSON.stringify(pattern)), event);
const refusal = (pattern: string): string => {
  try {
    parsePattern(pattern);
  } catch (error) {
    if (error instanceof InvalidEventPattern) return error.message.replace('Event pattern is not valid. Reason: ', '');
    throw error;
  }
  return 'accepted';
};
const first = (text: string) => text.split('\n')[0];

const instance: Json = {
  version: '0',
  id: 'ddddd4-aaaa-7777-4444-345dd43cc333',
  'detail-type': 'EC2 Instance State-change Notification',
  source: 'aws.ec2',
  account: '012345679012',
  time: '2017-10-02T16:24:49Z',
  region: 'us-east-1',
  resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-000000aaaaaa00000'],
  detail: { 'c-count': 5, 'd-count': 3, 'x-limit': 301.8, 'source-ip': '10.0.0.33', state: 'running' },
};

describe('Creating Amazon EventBridge event patterns', () => {
  test.each<[string, unknown, boolean]>([
    ['every field named must match', { source: ['aws.ec2'], detail: { state: ['running'] } }, true],
    ['one that does not is enough to refuse', { source: ['aws.ec2'], detail: { state: ['stopped'] } }, false],
    ['any of the values will do', { detail: { state: ['initializing', 'running'] } }, true],
    ['a field the event lacks does not match', { detail: { missing: ['x'] } }, false],
    ['case counts', { source: ['AWS.ec2'] }, false],
    ['white space counts', { source: ['aws.ec2 '] }, false],
    ['a name compares with the whole path', { state: ['running'] }, false],
    ['an object is not a value', { detail: [{ exists: true }] }, false],
  ])('%s', (_, pattern, expected) => {
    expect(decide(pattern, instance)).toBe(expected);
  });
});

describe('Null values and empty strings in Amazon EventBridge event patterns', () => {
  const event: Json = { detail: { eventVersion: '', responseElements: null, count: 0, flag: false } };
  test.each<[unknown, boolean]>([
    [{ detail: { eventVersion: [''] } }, true],
    [{ detail: { responseElements: [null] } }, true],
    [{ detail: { responseElements: ['null'] } }, false],
    [{ detail: { eventVersion: [null] } }, false],
    [{ detail: { count: [null] } }, false],
    [{ detail: { flag: [false] } }, true],
    [{ detail: { flag: ['false'] } }, false],
    [{ detail: { nothing: [null] } }, false],
  ])('%j → %s', (pattern, expected) => {
    expect(decide(pattern, event)).toBe(expected);
  });
});

describe('Arrays in Amazon EventBridge event patterns', () => {
  test('an array in the event matches where it shares a value with the pattern', () => {
    expect(decide({ resources: ['a', 'b'] }, { resources: ['x', 'b'] })).toBe(true);
    expect(decide({ resources: ['a', 'b'] }, { resources: ['x', 'y'] })).toBe(false);
  });
  test('an empty array holds no value, not even null', () => {
    expect(decide({ resources: [null] }, { resources: [] })).toBe(false);
    expect(decide({ resources: [{ exists: true }] }, { resources: [] })).toBe(false);
    expect(decide({ resources: [{ exists: false }] }, { resources: [] })).toBe(true);
  });
  const employees: Json = {
    employees: [
      { firstName: 'John', lastName: 'Doe' },
      { firstName: 'Anna', lastName: 'Smith' },
      { firstName: 'Peter', lastName: 'Jones' },
    ],
  };
  test('objects in arrays are looked into', () => {
    expect(decide({ employees: { firstName: ['Anna'] } }, employees)).toBe(true);
    expect(decide({ employees: { firstName: ['Anna'] } }, { employees: [employees.employees as Json, []] })).toBe(true);
  });
  test('two fields must be in one element of the array', () => {
    expect(decide({ employees: { firstName: ['Anna'], lastName: ['Smith'] } }, employees)).toBe(true);
    expect(decide({ employees: { firstName: ['Anna'], lastName: ['Jones'] } }, employees)).toBe(false);
  });
  test('fields in different arrays are free of each other', () => {
    const event: Json = { x: [{ a: 1 }, { a: 2 }], y: [{ b: 1 }, { b: 2 }] };
    expect(decide({ x: { a: [1] }, y: { b: [2] } }, event)).toBe(true);
  });
  test('inner arrays: the outer element must agree too', () => {
    const event: Json = {
      d: [
        { n: 'x', t: [{ k: 1, v: 2 }] },
        { n: 'y', t: [{ k: 3 }, { v: 4 }] },
      ],
    };
    expect(decide({ d: { n: ['x'], t: { k: [1], v: [2] } } }, event)).toBe(true);
    expect(decide({ d: { n: ['y'], t: { k: [1] } } }, event)).toBe(false);
    expect(decide({ d: { t: { k: [3], v: [4] } } }, event)).toBe(false);
  });
  test('a field that must not be there is looked for in the chosen element only', () => {
    const event: Json = { d: [{ a: 1, b: 2 }, { a: 3 }] };
    expect(decide({ d: { a: [3], b: [{ exists: false }] } }, event)).toBe(true);
    expect(decide({ d: { a: [1], b: [{ exists: false }] } }, event)).toBe(false);
  });
  test('two long lists are decided one after the other, not against each other', () => {
    const count = 20_000;
    const event: Json = {
      x: Array.from({ length: count }, (_, a) => ({ a })),
      y: Array.from({ length: count }, (_, b): Json => (b % 2 === 0 ? { b } : { c: b })),
    };
    const start = performance.now();
    expect(decide({ x: { a: [{ exists: true }] }, y: { b: [{ exists: true }], c: [{ exists: true }] } }, event)).toBe(
      false,
    );
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe('Comparison operators for use in event patterns', () => {
  test.each<[string, unknown, Json | undefined, boolean]>([
    ['prefix', { prefix: 'us-' }, 'us-east-1', true],
    ['prefix', { prefix: 'us-' }, 'eu-us-', false],
    ['prefix', { prefix: '1' }, 12, false],
    ['prefix, empty', { prefix: '' }, 'anything', true],
    ['prefix, empty', { prefix: '' }, null, false],
    ['prefix ignoring case', { prefix: { 'equals-ignore-case': 'EventB' } }, 'eVENTbridge', true],
    ['prefix ignoring case', { prefix: { 'equals-ignore-case': 'EventB' } }, 'even', false],
    ['suffix', { suffix: '.png' }, 'a.png', true],
    ['suffix', { suffix: '.png' }, 'a.PNG', false],
    ['suffix, empty', { suffix: '' }, 'a', true],
    ['suffix ignoring case', { suffix: { 'equals-ignore-case': '.png' } }, 'a.PnG', true],
    ['suffix ignoring case', { suffix: { 'equals-ignore-case': '.png' } }, '.pngx', false],
    ['equals-ignore-case', { 'equals-ignore-case': 'alice' }, 'ALICE', true],
    ['equals-ignore-case', { 'equals-ignore-case': 'alice' }, 'alice ', false],
    ['equals-ignore-case beyond ASCII', { 'equals-ignore-case': 'ÀÉ' }, 'àé', true],
    ['equals-ignore-case, whose upper case is longer', { 'equals-ignore-case': 'ⱥb' }, 'ȺB', true],
    ['equals-ignore-case, look-alikes', { 'equals-ignore-case': 'k' }, '\u212a', false],
    ['anything-but a string', { 'anything-but': 'initializing' }, 'running', true],
    ['anything-but a string', { 'anything-but': 'initializing' }, 'initializing', false],
    ['anything-but a string, of a number', { 'anything-but': '5' }, 5, true],
    ['anything-but a string, of nothing', { 'anything-but': 'x' }, undefined, false],
    ['anything-but a string, of null', { 'anything-but': 'x' }, null, true],
    ['anything-but strings', { 'anything-but': ['stopped', 'overloaded'] }, 'overloaded', false],
    ['anything-but a number', { 'anything-but': 123 }, 123, false],
    ['anything-but a number', { 'anything-but': 123 }, 124, true],
    ['anything-but a number, of a string', { 'anything-but': 123 }, '123', true],
    ['anything-but numbers', { 'anything-but': [100, 200, 300] }, 200, false],
    ['anything-but ignoring case', { 'anything-but': { 'equals-ignore-case': 'init' } }, 'INIT', false],
    ['anything-but ignoring case', { 'anything-but': { 'equals-ignore-case': ['init', 'stop'] } }, 'run', true],
    ['anything-but prefix', { 'anything-but': { prefix: 'init' } }, 'initial', false],
    ['anything-but prefixes', { 'anything-but': { prefix: ['a', 'b'] } }, 'cb', true],
    ['anything-but suffix', { 'anything-but': { suffix: '.txt' } }, 'a.txt', false],
    ['anything-but suffixes', { 'anything-but': { suffix: ['.txt', '.md'] } }, null, true],
    ['anything-but wildcard', { 'anything-but': { wildcard: '*/lib/*' } }, 'usr/lib/x', false],
    ['anything-but wildcards', { 'anything-but': { wildcard: ['*/lib/*', '*/bin/*'] } }, 'usr/x', true],
    ['numeric =', { numeric: ['=', 3.018e2] }, 301.8, true],
    ['numeric range', { numeric: ['>', 0, '<=', 5] }, 5, true],
    ['numeric range', { numeric: ['>', 0, '<=', 5] }, 0, false],
    ['numeric <', { numeric: ['<', 10] }, -1e9, true],
    ['numeric >=', { numeric: ['>=', 5e9] }, 5_000_000_000, true],
    ['numeric, of a string', { numeric: ['>', 100] }, '300', false],
    ['numeric, smallest step', { numeric: ['>', 0.000001] }, 0.000002, true],
    ['exists', { exists: true }, null, true],
    ['exists', { exists: true }, undefined, false],
    ['exists, of an object', { exists: true }, { a: 1 }, false],
    ['does not exist', { exists: false }, undefined, true],
    ['does not exist, of an object', { exists: false }, { a: 1 }, true],
    ['does not exist', { exists: false }, '', false],
    ['cidr', { cidr: '10.0.0.0/24' }, '10.0.0.255', true],
    ['cidr', { cidr: '10.0.0.0/24' }, '10.0.1.0', false],
    ['cidr whose address is inside the block', { cidr: '10.0.0.77/24' }, '10.0.0.1', true],
    ['cidr, of a number', { cidr: '10.0.0.0/24' }, 10, false],
    ['cidr v6', { cidr: '2001:db8:1234:1a00::/64' }, '2001:db8:1234:1a00:0:0:ff:1', true],
    ['cidr v6', { cidr: '2001:db8:1234:1a00::/64' }, '2001:db8:1234:1a01::', false],
    ['cidr v4 and an address of the other family', { cidr: '10.0.0.0/8' }, 'a00::1', false],
    ['wildcard', { wildcard: 'dir/*.png' }, 'dir/sub/a.png', true],
    ['wildcard', { wildcard: 'dir/*.png' }, 'x/dir/a.png', false],
    ['wildcard, star for nothing', { wildcard: 'a*b' }, 'ab', true],
    ['wildcard, overlapping ends', { wildcard: 'aba*aba' }, 'aba', false],
    ['wildcard, only a star', { wildcard: '*' }, '', true],
    ['wildcard, of a number', { wildcard: '*' }, 1, false],
    ['wildcard without a star', { wildcard: 'abc' }, 'abc', true],
    ['wildcard, escaped star', { wildcard: 'a\\*b' }, 'a*b', true],
    ['wildcard, escaped star', { wildcard: 'a\\*b' }, 'axb', false],
    ['wildcard, escaped backslash', { wildcard: 'a\\\\*' }, 'a\\x', true],
  ])('%s: %j, event %j → %s', (_, operator, value, expected) => {
    expect(decide({ f: [operator] }, value === undefined ? { g: 1 } : { f: value })).toBe(expected);
  });

  test('an exact address stands for the address, however it is written', () => {
    expect(decide({ ip: ['::1'] }, { ip: '0:0:0:0:0:0:0:1' })).toBe(true);
    expect(decide({ ip: ['10.0.0.1'] }, { ip: '10.0.0.2' })).toBe(false);
  });
  test('what only looks like an address is a text', () => {
    expect(decide({ a: ['08:23'] }, { a: '08:23' })).toBe(true);
    expect(decide({ a: ['700.1.1.1'] }, { a: '700.1.1.1' })).toBe(true);
  });
  test('operators of one field do not disturb each other', () => {
    const pattern = { ip: [{ cidr: '10.0.0.0/8' }, { numeric: ['>', 5] }, { prefix: '192.' }] };
    expect([
      decide(pattern, { ip: '10.1.1.1' }),
      decide(pattern, { ip: 6 }),
      decide(pattern, { ip: '192.1.1.1' }),
    ]).toEqual([true, true, true]);
  });
});

describe('Using multiple values: $or', () => {
  const pattern = {
    source: ['aws.cloudwatch'],
    $or: [
      { metricName: ['CPUUtilization', 'ReadLatency'] },
      { metricType: ['MetricType'], namespace: ['AWS/EC2'], $or: [{ metricId: [1234] }, { spaceId: [1000] }] },
      { scope: ['Service'] },
    ],
  };
  test.each<[Json, boolean]>([
    [{ source: 'aws.cloudwatch', metricName: 'ReadLatency' }, true],
    [{ source: 'aws.cloudwatch', metricType: 'MetricType', namespace: 'AWS/EC2', spaceId: 1000 }, true],
    [{ source: 'aws.cloudwatch', metricType: 'MetricType', namespace: 'AWS/EC2' }, false],
    [{ source: 'aws.cloudwatch', scope: 'Service' }, true],
    [{ source: 'aws.cloudwatch' }, false],
    [{ source: 'other', scope: 'Service' }, false],
  ])('%j → %s', (event, expected) => {
    expect(decide(pattern, event)).toBe(expected);
  });
  test('inside of detail it is about fields of detail, and two multiply', () => {
    const two = { $or: [{ a: [1] }, { b: [1] }], detail: { $or: [{ c: [1] }, { d: [1] }] } };
    expect(parsePattern(JSON.stringify(two)).branches).toHaveLength(4);
    expect(decide(two, { b: 1, detail: { c: 1 } })).toBe(true);
    expect(decide(two, { b: 1, c: 1, detail: {} })).toBe(false);
  });
  test('what cannot be alternatives is a field named $or (Event Ruler, backward compatibility)', () => {
    expect(decide({ $or: { a: ['x'] } }, { $or: { a: 'x' } })).toBe(true);
    expect(decide({ $or: [{ cidr: '10.0.0.0/8' }] }, { $or: '10.1.1.1' })).toBe(true);
  });
  test.each([
    ['{"$or":[{"a":["x"]}]}', 'There must have at least 2 Objects in $or relationship.'],
    ['{"$or":"x"}', 'It must be an Array followed with $or.'],
    ['{"$or":[{"a":["x"]}, "b"]}', 'Only JSON object is allowed in array of $or relationship.'],
    ['{"$or":[{"prefix":["x"]}, {"a":["x"]}]}', 'prefix is Ruler reserved fieldName which cannot be used inside $or.'],
    ['{"$or":[{}, {"a":["x"]}]}', 'Empty objects are not allowed'],
  ])('%s is refused', (pattern, reason) => {
    expect(first(refusal(pattern))).toBe(reason);
  });
  test('more than 1,000 combinations are refused', () => {
    const ten = Array.from({ length: 10 }, (_, i) => ({ [`f${i}`]: [1] }));
    const deep = { $or: ten, a: { $or: ten, b: { $or: ten, c: { $or: ten } } } };
    expect(refusal(JSON.stringify(deep))).toMatch(/combinations/);
  });
});

describe('Event Ruler: compiling and checking rules', () => {
  test.each([
    ['[1,2,3]', 'Filter is not an object'],
    ['{"a":1}', '"a" must be an object or an array'],
    ['{"a":"x"}', '"a" must be an object or an array'],
    ['{}', 'Empty objects are not allowed'],
    ['{"a":{}}', 'Empty objects are not allowed'],
    ['{"a":[]}', 'Empty arrays are not allowed'],
    ['{"a":[[1]]}', 'Match value must be String, number, true, false, or null'],
    ['{"a":[{}]}', 'Match expression name not found'],
    ['{"a":[{"EXISTS":true}]}', 'Unrecognized match type EXISTS'],
    ['{"a":[{"exactly":33}]}', 'exact match pattern must be a string'],
    ['{"a":[{"prefix":3}]}', 'prefix match pattern must be a string'],
    ['{"a":[{"prefix":"x","suffix":"y"}]}', 'Only one key allowed in match expression'],
    ['{"a":[{"prefix":{"foo":"x"}}]}', 'Unsupported prefix pattern: foo'],
    ['{"a":[{"suffix":{}}]}', 'Suffix expression name not found'],
    ['{"a":[{"suffix":["x"]}]}', 'suffix match pattern must be a string'],
    ['{"a":[{"equals-ignore-case":["x"]}]}', 'equals-ignore-case match pattern must be a string'],
    ['{"a":[{"wildcard":5}]}', 'wildcard match pattern must be a string'],
    ['{"a":[{"exists":"yes"}]}', 'exists match pattern must be either true or false.'],
    ['{"a":[{"cidr":5}]}', 'prefix match pattern must be a string'],
    ['{"a":[{"cidr":"10.0.0.0"}]}', "Malformed CIDR, one '/' required"],
    ['{"a":[{"cidr":"10.0.0.0/x"}]}', 'Malformed CIDR, mask bits must be an integer'],
    ['{"a":[{"cidr":"10.0.0.0/-1"}]}', 'Malformed CIDR, mask bits must not be negative'],
    ['{"a":[{"cidr":"10.0.0.0/32"}]}', 'IPv4 mask bits must be < 32'],
    ['{"a":[{"cidr":"::1/128"}]}', 'IPv6 mask bits must be < 128'],
    ['{"a":[{"cidr":"snorkle/3"}]}', 'Nonstandard IP address: snorkle'],
    ['{"a":[{"cidr":"1:2/3"}]}', 'Invalid IP address: 1:2'],
    ['{"a":[{"numeric":5}]}', 'Value of numeric must be an array.'],
    ['{"a":[{"numeric":[5]}]}', 'Invalid member in numeric match: 5'],
    ['{"a":[{"numeric":["=","5"]}]}', 'Value of equals must be numeric'],
    ['{"a":[{"numeric":["<>",5]}]}', 'Unrecognized numeric range operator: <>'],
    ['{"a":[{"numeric":["<",1,">",0]}]}', 'Too many elements in numeric expression'],
    ['{"a":[{"numeric":[">",1,"=",3]}]}', 'Bad numeric range operator: ='],
    ['{"a":[{"numeric":[">",1,2]}]}', 'Bad value in numeric range: 2'],
    ['{"a":[{"numeric":[">",1,"<",30,false]}]}', 'Too many terms in numeric range expression'],
    ['{"a":[{"numeric":[">",30,"<",1]}]}', 'Bottom must be less than top'],
    ['{"a":[{"anything-but":null}]}', 'Value of anything-but must be an array or single string/number value.'],
    ['{"a":[{"anything-but":{}}]}', 'Anything-But expression name not found'],
    ['{"a":[{"anything-but":{"foo":3}}]}', 'Unsupported anything-but pattern: foo'],
    ['{"a":[{"anything-but":{"prefix":27}}]}', 'prefix/suffix match pattern must be a string'],
    ['{"a":[{"anything-but":{"prefix":""}}]}', 'Null prefix/suffix not allowed'],
    ['{"a":[{"anything-but":{"wildcard":"a**b"}}]}', 'Consecutive wildcard characters at pos 2'],
    [
      '{"a":[{"anything-but":["a",1]}]}',
      'Inside anything but list, either all values are number or string, mixed type is not supported',
    ],
    [
      '{"a":[{"anything-but":[]}]}',
      'Inside anything but list, either all values are number or string, mixed type is not supported',
    ],
    ['{"a":[{"anything-but":["a",null]}]}', 'Inside anything but list, start|null|boolean is not supported.'],
    ['{"a":[{"wildcard":"a\\\\xb"}]}', 'Invalid escape character at pos 2'],
  ])('%s: %s', (pattern, reason) => {
    expect(first(refusal(pattern))).toBe(reason);
  });

  test.each([
    '{"a":[{"numeric":["=",1E-325]}]}',
    '{"a":[{"numeric":["<",2.0e422]}]}',
    '{"a":[{"anything-but":1E309}]}',
  ])('%s: a number no 64-bit float can hold is refused', (pattern) => {
    expect(refusal(pattern)).toMatch(/^Cannot compare number/);
  });
  test.each(['3.8', '0.000033', '-4e-6', '55555', '1E-320', '-0'])('numeric takes %s', (number) => {
    expect(refusal(`{"a":[{"numeric":["=",${number}]}]}`)).toBe('accepted');
  });

  test('the message carries the place the reader had reached, and the pattern', () => {
    expect(refusal('{"key": [{"wildcard": "abc**def"}]}')).toBe(
      'Consecutive wildcard characters at pos 4\n at [Source: (String)"{"key": [{"wildcard": "abc**def"}]}"; line: 1, column: 33]',
    );
    expect(refusal('{"string": "my-value"}')).toBe(
      '"string" must be an object or an array\n at [Source: (String)"{"string": "my-value"}"; line: 1, column: 13]',
    );
    expect(refusal('{\n  "a": [\n    {"foo": 1}]}')).toMatch(/line: 3, column: 14\]$/);
  });
  test('a long pattern is cut in the message', () => {
    const long = `{"a": "${'x'.repeat(600)}"}`;
    expect(refusal(long)).toContain(`[truncated ${long.length - 500} chars]; line: 1, column: 8]`);
  });
  test('the last of two equal fields counts, also where a dot joins them', () => {
    expect(matchesText(parsePattern('{"x": ["y"], "x": ["z"]}'), '{"x": "y"}')).toBe(false);
    expect(matchesText(parsePattern('{"a": {"b": ["y"]}, "a.b": ["z"]}'), '{"a": {"b": "z"}}')).toBe(true);
  });
  test('dots in names join like nesting, in pattern and event', () => {
    expect(decide({ detail: { 'state.status': ['running'] } }, { detail: { state: { status: 'running' } } })).toBe(
      true,
    );
    expect(decide({ detail: { state: { status: ['running'] } } }, { detail: { 'state.status': 'running' } })).toBe(
      true,
    );
  });
});

describe('JSON that is none', () => {
  test.each([
    ['', 'Filter is not an object'],
    ['{"a":["1" "2"]}', `Unexpected character ('"' (code 34)): was expecting comma to separate Array entries`],
    ['{"a":[1] "b":[2]}', `Unexpected character ('"' (code 34)): was expecting comma to separate Object entries`],
    ['{"a" [1]}', "Unexpected character ('[' (code 91)): was expecting a colon to separate field name and value"],
    ['{a: [1]}', "Unexpected character ('a' (code 97)): was expecting double-quote to start field name"],
    ['{"a":[1],}', "Unexpected character ('}' (code 125)): was expecting double-quote to start field name"],
    [`{'a':[1]}`, "Unexpected character (''' (code 39)): was expecting double-quote to start field name"],
    ['{"a":[01]}', 'Invalid numeric value: Leading zeroes not allowed'],
    ['{"a":[1.]}', "Unexpected character (']' (code 93)) in numeric value: Decimal point not followed by a digit"],
    [
      '{"a":[yes]}',
      "Unrecognized token 'yes': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    ],
    ['{"a":["\\d"]}', "Unrecognized character escape 'd' (code 100)"],
    [
      '{"a":["x\ny"]}',
      'Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value',
    ],
    ['{"a":["x', 'Unexpected end-of-input: was expecting closing quote for a string value'],
  ])('%j: %s', (pattern, reason) => {
    expect(first(refusal(pattern))).toBe(reason);
  });
  test('a bracket that closes another, and one that closes nothing', () => {
    expect(refusal('{"a":[1}')).toMatch(
      /^Unexpected close marker '}': expected ']' \(for Array starting at .*column: 6\]\)/,
    );
    expect(refusal('{"a":[1]')).toMatch(
      /^Unexpected end-of-input: expected close marker for Object \(start marker at .*column: 1\]\)/,
    );
  });
  test('an event that is none is a fault of the event, not of the pattern', () => {
    expect(() => matchesText(parsePattern('{"a":[1]}'), '{"a":')).toThrow(JsonFault);
    expect(() => matchesText(parsePattern('{"a":[1]}'), '[]')).toThrow('Event must be a JSON object');
  });
});

describe('Numbers: as they are written', () => {
  const same = (wanted: string, had: string) => matchesText(parsePattern(`{"n":[${wanted}]}`), `{"n":${had}}`);
  test.each([
    ['300', '300.0', true],
    ['300', '3.0e2', true],
    ['-0', '0.0', true],
    ['123456789012', '1.23456789012E11', true],
    ['0.1', '0.10000000000000001', false],
    ['12345678901234567890', '12345678901234567890', true],
    ['12345678901234567891', '12345678901234567892', false],
    ['1e400', '1e400', true],
    ['1e400', '1e401', false],
    ['5', '"5"', false],
  ])('%s and %s → %s', (wanted, had, expected) => {
    expect(same(wanted, had)).toBe(expected);
  });
  test('a key that stands twice in the event counts twice', () => {
    expect(matchesText(parsePattern('{"a":["x"]}'), '{"a":"x","a":"y"}')).toBe(true);
  });
});

describe('Wildcard matching complexity', () => {
  test('wildcards that leave few beginnings open are accepted', () => {
    expect(refusal('{"a":[{"wildcard":"*/datasync/*.bif"},{"wildcard":"*/datasync/*.tif"}]}')).toBe('accepted');
    expect(refusal('{"a":[{"wildcard":"/Users/*/dir/dir/doc.txt"}]}')).toBe('accepted');
  });
  test.each([
    '{"a":[{"wildcard":"*a*a*a*a*a*a*a*"}]}',
    '{"a":[{"wildcard":"*aaaaaaaaaaaaaaaa"}]}',
    '{"a":[{"anything-but":{"wildcard":"*a*a*a*a*a*a*a*"}}]}',
    '{"a":[{"wildcard":"*/d/*.bif"},{"wildcard":"*/d/*.tif"},{"wildcard":"*/d/*.tiff"},{"wildcard":"*/d/*.svs"}]}',
  ])('%s is too complex', (pattern) => {
    expect(refusal(pattern)).toBe(
      'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character',
    );
  });
});

describe('explain', () => {
  const order: Json = {
    source: 'awsserverlessda.serverlesspresso',
    'detail-type': 'OrderManager.WaitingCompletion',
    detail: {
      orderId: '1',
      tags: [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
      ],
      count: 5,
      nested: { x: 1 },
      none: [],
    },
  };
  const fault = (pattern: unknown): Fault | undefined => {
    const explanation: Explanation = explain(parsePattern(JSON.stringify(pattern)), order);
    expect(explanation.matches).toBe(false);
    return explanation.faults[0];
  };
  test('a match says so', () => {
    expect(explain(parsePattern('{"source":[{"prefix":"aws"}]}'), order)).toEqual({
      matches: true,
      faults: [],
      sentence: 'The event matches the pattern.',
    });
  });
  test('another emitter of an event of the same name', () => {
    expect(fault({ 'detail-type': ['OrderProcessor.WaitingCompletion'] })).toEqual({
      path: 'detail-type',
      wanted: ['"OrderProcessor.WaitingCompletion"'],
      had: ['"OrderManager.WaitingCompletion"'],
      kind: 'value',
      nearest: 'OrderProcessor.WaitingCompletion',
      sentence:
        'At detail-type the event has "OrderManager.WaitingCompletion", which is not "OrderProcessor.WaitingCompletion".',
    });
  });
  test.each<[string, unknown, { kind?: FaultKind; [more: string]: unknown }]>([
    [
      'case',
      { source: ['awsserverlessda.Serverlesspresso'] },
      { kind: 'case', nearest: 'awsserverlessda.Serverlesspresso' },
    ],
    [
      'trailing space',
      { source: ['awsserverlessda.serverlesspresso '] },
      { kind: 'whitespace', sentence: expect.stringContaining("white space, which is the pattern's") },
    ],
    ['a field written one level too high', { orderId: ['1'] }, { kind: 'elsewhere', nearest: 'detail.orderId' }],
    ['a field misspelt', { detail: { orderID: ['1'] } }, { kind: 'missing', nearest: 'detail.orderId' }],
    ['a field the event lacks', { detail: { somethingElse: ['1'] } }, { kind: 'missing', had: [] }],
    ['an object where a value is wanted', { detail: { nested: [{ exists: true }] } }, { kind: 'object' }],
    [
      'an empty list',
      { detail: { none: [{ exists: true }] } },
      { kind: 'object', sentence: expect.stringContaining('empty list') },
    ],
    ['a number in quotes', { detail: { count: ['5'] } }, { kind: 'type' }],
    ['a text without quotes', { detail: { orderId: [1] } }, { kind: 'type' }],
    [
      'a number out of range',
      { detail: { count: [{ numeric: ['>', 5, '<=', 9] }] } },
      { wanted: ['a number > 5 and <= 9'], had: ['5'] },
    ],
    ['a field that must not be there', { detail: { orderId: [{ exists: false }] } }, { kind: 'present' }],
    [
      'two elements of a list',
      { detail: { tags: { k: ['a'], v: [2] } } },
      { kind: 'together', wanted: ['detail.tags.k', 'detail.tags.v'] },
    ],
  ])('%s', (_, pattern, expected) => {
    expect(fault(pattern)).toMatchObject(expected);
  });
  test('of several alternatives the nearest is explained, and every field of it', () => {
    const pattern = {
      $or: [
        { source: ['other'], 'detail-type': ['something'] },
        { source: ['awsserverlessda.serverlesspresso'], 'detail-type': ['OrderManager.waitingcompletion'] },
      ],
    };
    const { faults } = explain(parsePattern(JSON.stringify(pattern)), order);
    expect(faults.map((one) => [one.path, one.kind])).toEqual([['detail-type', 'case']]);
  });
  test('an event that is no object', () => {
    expect(explain(parsePattern('{"a":["x"]}'), [1]).faults[0]?.kind).toBe('event');
  });
});

describe('for any event', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'detail', 'x.y');
  const scalar = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.string({ unit: 'grapheme', maxLength: 3 }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom('10.0.0.1', '::1', '08:23', ''),
  );
  const { event } = fc.letrec<{ event: { [key: string]: Json }; value: Json }>((tie) => ({
    event: fc.dictionary(name, tie('value'), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    value: fc.oneof({ depthSize: 'small' }, scalar, tie('event'), fc.array(tie('value'), { maxLength: 3 })),
  }));

  const operators = fc.oneof(
    scalar,
    fc.string({ maxLength: 3 }).map((prefix) => ({ prefix })),
    fc.constantFrom<Json>(
      { exists: true },
      { exists: false },
      { 'anything-but': 'a' },
      { 'anything-but': [1, 2] },
      { 'anything-but': { prefix: 'a' } },
      { numeric: ['>', 0] },
      { cidr: '10.0.0.0/8' },
      { wildcard: '*a*' },
      { 'equals-ignore-case': 'A' },
    ),
  );
  const { pattern } = fc.letrec<{ pattern: Json }>((tie) => ({
    pattern: fc
      .dictionary(
        name,
        fc.oneof(
          { depthSize: 'small' },
          fc.array(operators, { minLength: 1, maxLength: 3 }) as fc.Arbitrary<Json>,
          tie('pattern'),
        ),
        { minKeys: 1, maxKeys: 3, noNullPrototype: true },
      )
      .map((fields) => fields as Json),
  }));

  /** A pattern that asks of an event exactly what it has, choosing the first element of every array. */
  function patternOf(value: Json): Json | undefined {
    if (Array.isArray(value)) {
      const taken = value.map(patternOf).find((one) => one !== undefined);
      return taken;
    }
    if (value === null || typeof value !== 'object') return [value];
    const fields = Object.entries(value).flatMap(([key, inner]) => {
      const taken = patternOf(inner);
      return taken === undefined ? [] : [[key, taken] as const];
    });
    return fields.length > 0 ? Object.fromEntries(fields) : undefined;
  }

  test('a pattern made from an event matches it, as value and as text', () => {
    fc.assert(
      fc.property(event, (made) => {
        const own = patternOf(made);
        fc.pre(own !== undefined && !Array.isArray(own));
        const compiled = parsePattern(JSON.stringify(own));
        expect(matches(compiled, made)).toBe(true);
        expect(matchesText(compiled, JSON.stringify(made))).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test('text and value are decided alike, and explain agrees and never throws', () => {
    fc.assert(
      fc.property(pattern, event, (made, given) => {
        const compiled = parsePattern(JSON.stringify(made));
        const decision = matches(compiled, given);
        expect(matchesText(compiled, JSON.stringify(given))).toBe(decision);
        const explanation = explain(compiled, given);
        expect(explanation.matches).toBe(decision);
        expect(explanation.faults.length > 0).toBe(!decision);
      }),
      { numRuns: 600 },
    );
  });

  /** The rule of arrays, word for word and slowly: every choice of one value for every field, tried one after the other. */
  function bySearch(source: Json, given: Json): boolean {
    type Place = { value: Json; elements: [object: unknown, index: number][] };
    const places = (value: Json, names: string[], elements: Place['elements']): Place[] => {
      if (Array.isArray(value))
        return value.flatMap((item, i) =>
          places(item, names, typeof item === 'object' && item !== null ? [...elements, [value, i]] : elements),
        );
      if (value === null || typeof value !== 'object') return names.length === 0 ? [{ value, elements }] : [];
      return names.flatMap((_, i) => {
        const name = names.slice(0, i + 1).join('.');
        return Object.hasOwn(value, name) ? places(value[name] as Json, names.slice(i + 1), elements) : [];
      });
    };
    const clash = (a: Place['elements'], b: Place['elements']) =>
      a.some(([array, i]) => b.some(([other, j]) => array === other && i !== j));
    const fields = parsePattern(JSON.stringify(source)).branches[0] ?? [];
    const search = (index: number, chosen: Place['elements']): boolean => {
      const field = fields[index];
      if (!field) return true;
      const all = places(given, field.path.split('.'), []).filter((place) => !clash(chosen, place.elements));
      const accepted = ({ value }: Place) => {
        const number = typeof value === 'number' ? value : undefined;
        const leaf = { text: String(value), isString: typeof value === 'string', number, element: undefined };
        return field.wanted.some((one) => one.accepts(leaf));
      };
      if (all.filter(accepted).some((place) => search(index + 1, [...chosen, ...place.elements]))) return true;
      return all.length === 0 && field.wanted.some((one) => one.absent) && search(index + 1, chosen);
    };
    return search(0, []);
  }

  test('arrays are decided as by trying every choice', () => {
    const leafName = fc.constantFrom('a', 'b', 'c');
    const small = fc.constantFrom<Json>(1, 2, 3, null);
    const item = fc.dictionary(leafName, small, { maxKeys: 3, noNullPrototype: true });
    const list = fc.array(fc.oneof(item, fc.array(item, { maxLength: 3 }) as fc.Arbitrary<Json>), { maxLength: 12 });
    const lists = fc.dictionary(fc.constantFrom('x', 'y'), list as fc.Arbitrary<Json>, {
      minKeys: 1,
      noNullPrototype: true,
    });
    const nested = fc.record({ d: fc.array(lists, { maxLength: 4 }) as fc.Arbitrary<Json> });
    const wanted = fc.array(fc.constantFrom<Json>(1, 2, { exists: true }, { exists: false }, { 'anything-but': 1 }), {
      minLength: 1,
      maxLength: 2,
    });
    const asked = fc.dictionary(
      fc.constantFrom('x', 'y'),
      fc.dictionary(leafName, wanted as fc.Arbitrary<Json>, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
      { minKeys: 1, noNullPrototype: true },
    ) as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(
        fc.boolean(),
        lists as fc.Arbitrary<Json>,
        nested as fc.Arbitrary<Json>,
        asked,
        (deep, flat, inner, ask) => {
          const [given, source] = deep ? [inner, { d: ask } as Json] : [flat, ask];
          expect(decide(source, given)).toBe(bySearch(source, given));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('any text is either a pattern or refused with a reason', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((text) => `{"a":[${text}]}`),
        ),
        (text) => {
          try {
            parsePattern(text);
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidEventPattern);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
