// Says what standard input holds, {host, writeKey, messages: [{method, …}]}, with Segment's own library, and prints what
// it could not deliver and which answers it got.
import { readFileSync } from 'node:fs';
import { Analytics } from '@segment/analytics-node';

const { host, writeKey, messages, flushAt } = JSON.parse(readFileSync(0, 'utf8'));
const analytics = new Analytics({ host, writeKey, flushAt, maxRetries: 5 });
const failed = [];
const statuses = [];
analytics.on('error', (error) => failed.push(String(error.reason ?? error)));
analytics.on('http_response', ({ status }) => statuses.push(status));

for (const { method, timestamp, ...message } of messages) {
  analytics[method]({ ...message, ...(timestamp && { timestamp: new Date(timestamp) }) });
}
await analytics.closeAndFlush();
console.log(JSON.stringify({ failed, statuses }));
