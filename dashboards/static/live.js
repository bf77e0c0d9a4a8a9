// Refreshes the page in place. Without it the browser reloads; with it a dead collector can't leave calm figures on the screen.
(() => {
  "use strict";
  const every = 1000 * Number(document.currentScript.dataset.every || 10);
  let reload = false;
  document.addEventListener("securitypolicyviolation", () => { reload = true; });

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

  async function refresh() {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(every) });
      if (!answer.ok && answer.status !== 404) throw new Error("status " + answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const focused = document.activeElement && document.activeElement.getAttribute("href");
      document.getElementById("page").replaceWith(fresh.getElementById("page"));
      document.title = fresh.title;
      document.body.classList.remove("lost");
      document.getElementById("lost")?.remove();
      if (focused) document.querySelector('a[href="' + CSS.escape(focused) + '"]')?.focus({ preventScroll: true });
    } catch (error) {
      if (reload) return location.reload();
      document.title = "NOT CURRENT · fournines";
      warn("The collector does not answer. What you see is old: do not trust it.");
    }
  }

  setInterval(refresh, every);
  document.addEventListener("visibilitychange", refresh);
})();
