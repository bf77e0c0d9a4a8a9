// Refreshes the page in place: at once when the collector says that something changed, else every few seconds. Without it the browser
// reloads; with it a dead collector can't leave calm figures on the screen. And it says times in the viewer's zone too.
(() => {
  "use strict";
  const every = 1000 * Number(document.currentScript.dataset.every || 10);
  let reload = false, fetching = false, events = null, typed = -Infinity;
  document.addEventListener("securitypolicyviolation", () => { reload = true; });

  function localise(root) {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (isNaN(at) || at.getTimezoneOffset() === 0) continue;
      time.title = at.toLocaleString();
      if (time.classList.contains("both")) {
        time.append(" (" + at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false }) + " here)");
      }
    }
  }

  function warn(text) {
    document.body.classList.add("lost");
    let notice = document.getElementById("lost");
    if (!notice) {
      notice = document.createElement("p");
      notice.id = "lost";
      notice.className = "notice";
      notice.setAttribute("role", "alert");
      document.body.prepend(notice);
    }
    notice.textContent = text;
  }

  // What was opened or closed by hand stays so: of several with the same words, each in its turn.
  function keep(old, fresh) {
    const left = [...fresh.querySelectorAll("details")];
    for (const details of old.querySelectorAll("details")) {
      const place = left.findIndex((each) => each.textContent === details.textContent);
      if (place >= 0) left.splice(place, 1)[0].open = details.open;
    }
  }

  // Nothing is taken from under a hand that types; a field that was left alone for a minute is no reason to show what is old.
  function typing() {
    return document.activeElement?.matches("main input, main select") && performance.now() - typed < 60000;
  }

  async function refresh() {
    if (document.hidden || fetching) return;
    fetching = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(every) });
      if (!answer.ok && answer.status !== 404) throw new Error("status " + answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (typing()) return;
      const focused = document.activeElement && document.activeElement.getAttribute("href");
      const page = fresh.getElementById("page"), old = document.getElementById("page");
      keep(old, page);
      localise(page);
      old.replaceWith(page);
      document.title = fresh.title;
      document.body.classList.remove("lost");
      document.getElementById("lost")?.remove();
      if (focused) document.querySelector('a[href="' + CSS.escape(focused) + '"]')?.focus({ preventScroll: true });
    } catch (error) {
      if (reload) return location.reload();
      document.title = "NOT CURRENT · fournines";
      warn("The collector does not answer. What you see is old: do not trust it.");
    } finally {
      fetching = false;
    }
  }

  // A browser has six connections to a collector for all its tabs: one that nobody sees holds none, or the seventh never loads.
  function listen() {
    if (document.hidden) {
      events?.close();
      events = null;
    } else if (!events) {
      events = new EventSource("/live");
      events.addEventListener("changed", refresh);
    }
  }

  localise(document);
  listen();
  setInterval(refresh, every);
  for (const kind of ["focusin", "input", "keydown"]) document.addEventListener(kind, () => { typed = performance.now(); });
  document.addEventListener("visibilitychange", () => { listen(); refresh(); });
})();
