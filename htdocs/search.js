/* SPDX-License-Identifier: Apache-2.0 */
"use strict";

/* The sample's page: turns its form into one request of /api, and shows both request and answer. */
const PAGE = 20;
const COLUMNS = "name,version,section,installed_size,summary,homepage";
const $ = (id) => document.getElementById(id);
const form = $("search");
let page = 0;
let running = null;
let timer = 0;

/* "*" is the wildcard of the API; what SQL would take for one is meant as it stands. */
function pattern(text) {
    return "*" + text.replace(/[\\%_]/g, "\\$&") + "*";
}

function query() {
    const pairs = [["select", COLUMNS], ["order", form.order.value],
        ["limit", PAGE], ["offset", page * PAGE]];
    const name = form.elements.name.value.trim();
    const section = form.section.value.trim();
    if (section)
        pairs.unshift(["section", "eq." + section]);
    if (name)
        pairs.unshift(["name", "ilike." + pattern(name)]);
    /* Commas, dots and stars read better plain, and are allowed so. */
    return pairs.map(([key, value]) => key + "=" + encodeURIComponent(value).replace(/%2C/g, ","))
        .join("&");
}

function size(kib) {
    if (kib === null)
        return "";
    const units = ["KiB", "MiB", "GiB"];
    let unit = 0;
    for (; kib >= 1024 && unit < 2; unit++)
        kib /= 1024;
    return kib.toLocaleString("en", { maximumFractionDigits: kib < 10 && unit ? 1 : 0 }) + " " +
        units[unit];
}

function cell(row, content, className) {
    const td = row.insertCell();
    td.append(content ?? "");
    if (className)
        td.className = className;
}

function link(text, url) {
    if (!/^https?:\/\//.test(url ?? ""))
        return text;
    const a = document.createElement("a");
    a.href = url;
    a.rel = "noreferrer";
    a.textContent = text;
    return a;
}

function showRows(rows) {
    $("rows").replaceChildren();
    for (const item of rows) {
        const row = $("rows").insertRow();
        cell(row, link(item.name, item.homepage));
        cell(row, item.version);
        cell(row, item.section);
        cell(row, size(item.installed_size), "number");
        cell(row, item.summary);
    }
}

/* Content-Range reads "0-19/1234", and "*" in place of what is not known (RFC 9110 14.4). */
function showPages(range, shown) {
    const total = Number(/\/(\d+)$/.exec(range ?? "")?.[1] ?? NaN);
    const first = page * PAGE;
    $("previous").disabled = page === 0;
    $("next").disabled = Number.isNaN(total) ? shown < PAGE : first + shown >= total;
    $("page").textContent = shown ? `${first + 1}–${first + shown}` : "";
    return Number.isNaN(total) ? shown : total;
}

function say(text, isError) {
    $("message").textContent = text;
    $("message").classList.toggle("error", Boolean(isError));
}

function showError(error) {
    showRows([]);
    showPages("*/0", 0);
    say([error.message, error.details, error.hint].filter(Boolean).join(" – "), true);
}

async function search() {
    running?.abort();
    running = new AbortController();
    const url = "api/packages?" + query();
    const shown = new URL(url, document.baseURI).href;
    $("request").textContent = `curl -H 'Prefer: count=exact' '${shown.replace(/'/g, "%27")}'`;
    const started = performance.now();
    try {
        const response = await fetch(url, {
            headers: { Accept: "application/json", Prefer: "count=exact" },
            signal: running.signal
        });
        const body = await response.json();
        $("answer").textContent = `HTTP ${response.status}\n` +
            `Content-Range: ${response.headers.get("Content-Range") ?? "-"}\n\n` +
            JSON.stringify(body, null, 2);
        if (!response.ok) {
            showError(body);
            return;
        }
        showRows(body);
        const total = showPages(response.headers.get("Content-Range"), body.length);
        say(`${total.toLocaleString("en")} packages, ` +
            `${Math.round(performance.now() - started)} ms`);
    } catch (error) {
        if (error.name !== "AbortError")
            showError({ message: "The server does not answer", details: error.message });
    }
}

/* The address of the page holds what it shows, so that it can be kept and sent. */
function remember() {
    const state = new URLSearchParams();
    for (const name of ["name", "section", "order"]) {
        const field = form.elements[name];
        if (field.value.trim() && field.value !== "name.asc")
            state.set(name, field.value.trim());
    }
    if (page)
        state.set("page", page + 1);
    history.replaceState(null, "", "?" + state);
}

function recall() {
    const state = new URLSearchParams(location.search);
    for (const name of ["name", "section", "order"])
        if (state.get(name))
            form.elements[name].value = state.get(name);
    if (form.order.selectedIndex < 0)
        form.order.selectedIndex = 0;
    page = Math.max(0, (Number.parseInt(state.get("page"), 10) || 1) - 1);
}

function changed(to) {
    page = to;
    remember();
    clearTimeout(timer);
    timer = setTimeout(search, 150);
}

form.addEventListener("input", () => changed(0));
form.addEventListener("submit", (event) => {
    event.preventDefault();
    changed(0);
});
$("previous").addEventListener("click", () => changed(page - 1));
$("next").addEventListener("click", () => changed(page + 1));
recall();
search();
