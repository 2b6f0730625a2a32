/** What a message of a metrics queue says was sold. EventBridge puts the whole event into its body. */
function saleOf(record) {
  const event = JSON.parse(record.body);
  const given = event.detail?.drinkOrder;
  // The order manager sends the order as text; other builds send it as it is.
  const { drink } = typeof given === 'string' ? JSON.parse(given || '{}') : (given ?? {});
  const at = Date.parse(event.time);
  if (!event.id || !Number.isFinite(at)) throw new Error('the message is not an event');
  if (typeof drink !== 'string' || drink === '') throw new Error(`order ${event.detail?.orderId} names no drink`);
  return {
    messageId: record.messageId,
    id: String(event.id),
    at,
    day: event.time.slice(0, 10),
    drink: drink.slice(0, 200),
  };
}

/**
 * The sales of a batch, and the messages that say none: those are handed back one by one, so that a bad message goes to
 * the dead-letter queue without holding up the others.
 */
export function readSales(records) {
  const sales = [];
  const failures = [];
  for (const record of records)
    try {
      sales.push(saleOf(record));
    } catch (error) {
      console.log(`Message ${record.messageId} cannot be counted: ${error.message}`);
      failures.push(record.messageId);
    }
  return { sales, failures };
}

/** How many of what: the values of `keyOf` with the number of sales that have them. */
export function countBy(sales, keyOf) {
  const counts = new Map();
  for (const sale of sales) counts.set(keyOf(sale), (counts.get(keyOf(sale)) ?? 0) + 1);
  return counts;
}

/** What Lambda wants to hear about a batch ("ReportBatchItemFailures"). */
export const answerBatch = (messageIds) => ({
  batchItemFailures: messageIds.map((itemIdentifier) => ({ itemIdentifier })),
});
