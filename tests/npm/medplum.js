// Calls the service as Medplum's client does: discovery, prefetch templates filled from a FHIR server, one hook call.
// Arguments: address of the FHIR server, address of discovery, hook, user reference; the context comes in on standard input.

import { webcrypto } from 'node:crypto';
import { text } from 'node:stream/consumers';

// Named when the package is loaded, and missing in older releases of Node; only the second is used here.
globalThis.WebSocket ??= class {};
globalThis.crypto ??= webcrypto;
const { MedplumClient, buildCdsRequest } = await import('@medplum/core');

const [fhir, discovery, hook, user] = process.argv.slice(2);
const client = new MedplumClient({ baseUrl: new URL('/', fhir).href, fhirUrlPath: new URL(fhir).pathname.slice(1), cdsServicesUrl: discovery });
const { services } = await client.getCdsServices();
const service = services.find((item) => item.hook === hook);
const [resourceType, id] = user.split('/');
const request = await buildCdsRequest(client, { resourceType, id }, service, JSON.parse(await text(process.stdin)));
const response = await client.callCdsService(service.id, request);
console.log(JSON.stringify({ services, request, response }));
