// Orders: placed and moved on through the shop's own functions, never by faking an event, and told as a story.
// Promise: what changes an order goes through the same code that a phone or a barista's screen calls; a task token is never shown.
// calls, judge and timeline are pure; api invokes functions, manager a state machine; orders, executions, place, story and rush read tables, history and log.
export { openShopApi, type OrderAction } from './api.ts';
export type { Outcome } from './judge.ts';
export { findOrder, type Order, readOrder, recentOrders, theOrder } from './orders.ts';
export {
  answersOf,
  awaitOrder,
  drinkOf,
  placeOrder,
  PlaceRefused,
  readMenu,
} from './place.ts';
export { tellStory, type Story } from './story.ts';
export type { Time } from './time.ts';
