/** A DynamoDB attribute as a plain value. Sets and binary values do not occur in the workshop's tables. */
export function plain(attribute) {
  if (attribute === undefined || attribute.NULL) return undefined;
  if (attribute.S !== undefined) return attribute.S;
  if (attribute.N !== undefined) return Number(attribute.N);
  if (attribute.BOOL !== undefined) return attribute.BOOL;
  if (attribute.L !== undefined) return attribute.L.map(plain);
  if (attribute.M !== undefined) return plainItem(attribute.M);
  return undefined;
}

export const plainItem = (item) => Object.fromEntries(Object.entries(item).map(([key, value]) => [key, plain(value)]));
