// Preloaded into a process under test (node --require): whoever reaches beyond this machine is written down and refused.
const fs = require('node:fs');
const net = require('node:net');
const dns = require('node:dns');

const loopback = (host) => host === undefined || /^(127(\.\d+){3}|localhost|::1|\[::1\])$/.test(String(host));
const note = (what) => fs.appendFileSync(process.env.LOOPBACK_GUARD_LOG, `${what}\n`);

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function guarded(...args) {
  const [first] = Array.isArray(args[0]) ? args[0] : args;
  const host = typeof first === 'object' ? first.host : typeof first === 'number' ? args[1] : undefined;
  const local = typeof first === 'object' ? Boolean(first.path) : typeof first === 'string';
  if (!local && !loopback(typeof host === 'function' ? undefined : host)) {
    note(`connection to ${host}`);
    this.destroy(new Error(`refused by the guard: ${host}`));
    return this;
  }
  return connect.apply(this, args);
};

for (const module of [dns, dns.promises])
  for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
    const original = module[name];
    module[name] = function guarded(host, ...rest) {
      if (!loopback(host)) note(`look-up of ${host}`);
      return original.call(this, host, ...rest);
    };
  }
