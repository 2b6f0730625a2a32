/**
 * What goes to which topic. An order's event goes to the admins and to the customer it belongs to, a change of the menu
 * or opening hours to everyone. The task token stays here: whoever holds it could end the order.
 */
export function messagesOf(event, prefix) {
  const { TaskToken, ...detail } = event.detail ?? {};
  const message = JSON.stringify({ type: event['detail-type'], detail });
  if (event['detail-type'] === 'ConfigService.ConfigChanged') return [{ topic: `${prefix}-config`, message }];
  const messages = [{ topic: `${prefix}-admin`, message }];
  const userId = String(detail.userId ?? '');
  // A topic's levels and wildcards are no part of a user's id, so nobody can be made to hear another's orders.
  if (userId !== '' && !/[/+#\u0000]/.test(userId)) messages.push({ topic: `${prefix}-user-${userId}`, message });
  return messages;
}
