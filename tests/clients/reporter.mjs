// SPDX-License-Identifier: Apache-2.0
// Tells tests/lib/clients.py of each test, as a line of JSON: name, passed, and what was wrong.
const text = error => {
    const cause = error?.cause ?? error;
    if (cause?.name === 'HttpError') {
        return `${cause.status} ${JSON.stringify(cause.body)}`;
    }
    return cause?.code === 'ERR_ASSERTION' ? cause.message : String(cause?.stack ?? cause);
};

export default async function* report(source) {
    const groups = [];
    for await (const { type, data } of source) {
        if (type === 'test:start') {
            groups.length = data.nesting;
            groups.push(data.name);
        } else if ((type === 'test:pass' || type === 'test:fail') && data.details?.type !== 'suite') {
            const name = groups.slice(0, data.nesting).concat(data.name).join(': ');
            const passed = type === 'test:pass';
            const error = passed ? undefined : text(data.details.error);
            yield JSON.stringify({ name, passed, skipped: data.skip, error }) + '\n';
        }
    }
}
