import FedCore
import HTTPTypes
import Hummingbird
import Recording
import Records

/// The frame of every page.
enum Layout {
    /// The pages that every page leads to.
    private static let pages = [
        ("/", "Runs"), ("/start", "Start a run"), ("/sweeps", "Sweeps"), ("/models", "Models"), ("/fleet", "Fleet"),
    ]

    /// A page.
    ///
    /// - Parameters:
    ///   - title: what it is about; the browser's tab shows it, too.
    ///   - path: the page among those that all lead to, for its mark; nil: none.
    ///   - events: where its events come from; nil when it does not change.
    ///   - caller: who looks; nil when nobody is known.
    ///   - content: everything below the heading.
    static func page(
        _ title: String, at path: String? = nil, events: String? = nil, for caller: Caller?, _ content: HTML
    ) -> HTML {
        let links = pages.html { address, name in
            let mark: HTML? = address == path ? " aria-current=\"page\"" : nil
            return "<a href=\"\(address)\"\(mark)>\(name)</a>"
        }
        let leave: HTML? =
            caller?.isByCookie == true
            ? """
            <form method="post" action="/logout"><button class="plain" type="submit">Leave (\(caller?.name))\
            </button></form>
            """ : nil
        let source: HTML? = events.map { " data-events=\"\($0)\"" }
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>\(title) · fedmpi</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <link rel="stylesheet" href="/assets/dashboard.css"><link rel="icon" href="data:,">
            <script src="/assets/dashboard.js" defer></script></head>
            <body\(source)><a class="skip" href="#content">Skip to content</a>
            <header class="site"><nav aria-label="Pages"><strong>fedmpi</strong>\(caller == nil ? HTML.none : links)\(leave)</nav></header>
            <main id="content"><h1>\(title)</h1>
            \(content)</main>
            <footer>fedmpi \(Version.current)\(events == nil ? HTML.none : " · <span id=\"connection\" aria-live=\"polite\"></span>")</footer>
            </body></html>
            """
    }

    /// A page in place of one that cannot be shown.
    static func error(_ error: APIError) -> HTML {
        page(
            "\(error.status.code) \(error.status.reasonPhrase)", for: nil,
            "<p class=\"notice bad\" role=\"alert\">\(error.message)</p><p><a href=\"/\">All runs</a></p>")
    }

    /// The page that asks for a token.
    ///
    /// - Parameters:
    ///   - destination: where to go then: a path of this dashboard.
    ///   - trouble: why the last one was not taken.
    static func login(to destination: String, trouble: String? = nil) -> HTML {
        let notice: HTML? = trouble.map { "<p class=\"notice bad\" role=\"alert\">\($0)</p>" }
        return page(
            "Come in", for: nil,
            """
            \(notice)<p>The dashboard has printed a link that opens it once, and its token.</p>
            <form class="bar" method="post" action="/login"><input type="hidden" name="to" value="\(destination)">
            <label>Token <input name="token" type="password" autocomplete="current-password" required autofocus></label>
            <button type="submit">Come in</button></form>
            """)
    }

    /// A response that is a page.
    static func response(_ page: HTML, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: [.contentType: "text/html; charset=utf-8"], body: .text(page.text))
    }

    /// A table that scrolls sideways where the screen is narrow.
    ///
    /// - Parameters:
    ///   - caption: what it shows, for who cannot see it.
    ///   - head: cells of the first row.
    ///   - rows: the others.
    static func table(_ caption: String, head: HTML, _ rows: HTML) -> HTML {
        """
        <div class="scroll" role="region" aria-label="\(caption)" tabindex="0"><table><thead><tr>\(head)</tr></thead>\
        <tbody>\(rows)</tbody></table></div>
        """
    }

    /// Figures with their names.
    static func cards(_ figures: [(name: String, value: HTML)]) -> HTML {
        "<dl class=\"cards\">\(figures.html { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" })</dl>"
    }
}
