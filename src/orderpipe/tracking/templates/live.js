// Looks for news every 15 seconds while somebody looks, and puts them in the place of what is shown.
(() => {
  const main = document.querySelector("main"), news = document.getElementById("news");
  let tag = main.dataset.tag;
  async function look() {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { "If-None-Match": tag }, cache: "no-store", credentials: "omit" });
      if (answer.status !== 200) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("main[data-tag]");
      if (!fresh) return;
      const at = document.activeElement?.getAttribute("href");
      main.replaceChildren(...fresh.childNodes);
      tag = fresh.dataset.tag;
      if (at) main.querySelector(`a[href="${CSS.escape(at)}"]`)?.focus();
      news.textContent = news.dataset.said + " " + (main.querySelector(".status")?.textContent ?? "");
    } catch {
      // the next look may reach the server again
    }
  }
  setInterval(look, 15000);
  document.addEventListener("visibilitychange", look);
})();
