import { defineError } from '../kernel/error.ts';

/** The platform has no event of that id. */
export const eventNotFound = defineError<{ event: string }>()({
  code: 'event_not_found',
  kind: 'not_found',
  title: { en: 'The event does not exist', zh: '事件不存在' },
  remedy: {
    en: 'Check the event id: it is one of this platform, as `evt_…`, from the feed or a webhook.',
    zh: '请检查事件编号：须为本平台的事件，形如 evt_…，取自事件列表或 Webhook。',
  },
});

/** The platform has no webhook endpoint of that id, or it was removed. */
export const webhookEndpointNotFound = defineError<{ webhookEndpoint: string }>()({
  code: 'webhook_endpoint_not_found',
  kind: 'not_found',
  title: { en: 'The webhook endpoint does not exist', zh: 'Webhook 端点不存在' },
  remedy: {
    en: 'List the webhook endpoints of this platform: a removed one does not come back.',
    zh: '请查询本平台的 Webhook 端点列表：已删除的端点不可恢复。',
  },
});

/** The endpoint's URL is none that we send to. `reason` says which rule it breaks. */
export const webhookUrlRefused = defineError<{ reason: string; field: string }>()({
  code: 'webhook_url_refused',
  kind: 'refused',
  title: { en: 'Nothing is sent to this URL', zh: '该 URL 不可用作 Webhook 地址' },
  remedy: {
    en: 'Use an https URL with a public address and no user in it. Whoever runs the server can allow private ones: `GUANJIA_WEBHOOKS_TO_PRIVATE=yes`.',
    zh: '请使用公网 https 地址，且不含用户名。如需内网地址，请由部署者设置 GUANJIA_WEBHOOKS_TO_PRIVATE=yes。',
  },
});

/** The platform has as many endpoints as it may. */
export const tooManyWebhookEndpoints = defineError<{ limit: number }>()({
  code: 'too_many_webhook_endpoints',
  kind: 'refused',
  title: { en: 'There are too many webhook endpoints', zh: 'Webhook 端点数量已达上限' },
  remedy: {
    en: 'Remove one that is not needed, or let one endpoint take several event types.',
    zh: '请删除不再使用的端点，或让一个端点接收多种事件。',
  },
});
