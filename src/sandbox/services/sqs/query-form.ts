/** SQS as the query protocol writes it: flat lists under a singular name, maps as lists of Name and Value (or Key and Value). */
import { FlatList } from '../../protocols/query.ts';
import type { Input } from '../../service.ts';

/** Flat list in the form → member. */
const LISTS: Record<string, string> = {
  AttributeName: 'AttributeNames',
  MessageAttributeName: 'MessageAttributeNames',
  MessageSystemAttributeName: 'MessageSystemAttributeNames',
  TagKey: 'TagKeys',
  SendMessageBatchRequestEntry: 'Entries',
  DeleteMessageBatchRequestEntry: 'Entries',
  ChangeMessageVisibilityBatchRequestEntry: 'Entries',
};
/** Flat map in the form → member, and what its keys are called. */
const MAPS: Record<string, { member: string; key: string }> = {
  Attribute: { member: 'Attributes', key: 'Name' },
  MessageAttribute: { member: 'MessageAttributes', key: 'Name' },
  MessageSystemAttribute: { member: 'MessageSystemAttributes', key: 'Name' },
  Tag: { member: 'Tags', key: 'Key' },
};

function items(value: unknown): unknown[] {
  return value && typeof value === 'object'
    ? Object.entries(value)
        .filter(([index]) => /^\d+$/.test(index))
        .sort(([a], [b]) => Number(a) - Number(b))
        .map(([, item]) => item as unknown)
    : [];
}

export function readForm(action: string, form: Input): Input {
  const input: Input = {};
  for (const [name, value] of Object.entries(form)) {
    const list = LISTS[name];
    const map = MAPS[name];
    if (list !== undefined)
      input[list] = items(value).map((item) => (list === 'Entries' ? readForm(action, item as Input) : item));
    else if (map) {
      const member = name === 'Tag' && action === 'CreateQueue' ? 'tags' : map.member;
      input[member] = Object.fromEntries(
        items(value).map((item) => [(item as Input)[map.key], (item as Input)['Value'] as unknown]),
      );
    } else input[name] = value;
  }
  return input;
}

const flatMap = (value: unknown, key: string): FlatList =>
  new FlatList(
    Object.entries((value ?? {}) as object).map(([name, item]) => ({ [key]: name, Value: item as unknown })),
  );

export function writeForm(action: string, output: Record<string, unknown>): Record<string, unknown> {
  const { QueueUrls, queueUrls, Attributes, MessageAttributes, Messages, Tags, Successful, Failed, ...rest } = output;
  const written: Record<string, unknown> = { ...rest };
  if (QueueUrls ?? queueUrls) written['QueueUrl'] = new FlatList((QueueUrls ?? queueUrls) as unknown[]);
  if (Attributes) written['Attribute'] = flatMap(Attributes, 'Name');
  if (MessageAttributes) written['MessageAttribute'] = flatMap(MessageAttributes, 'Name');
  if (Messages)
    written['Message'] = new FlatList((Messages as Record<string, unknown>[]).map((one) => writeForm(action, one)));
  if (Tags) written['Tag'] = flatMap(Tags, 'Key');
  if (Successful) written[`${action}ResultEntry`] = new FlatList(Successful as unknown[]);
  if (Failed) written['BatchResultErrorEntry'] = new FlatList(Failed as unknown[]);
  return written;
}
