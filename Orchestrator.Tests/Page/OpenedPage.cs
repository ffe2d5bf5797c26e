using System.Collections.Concurrent;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Tests.Page;

/// <summary>
/// The page in a browser. At its end it looks at what the browser complained of: errors, exceptions and broken rules of
/// the content security policy fail the test, but for the kinds that it expects.
/// </summary>
internal sealed class OpenedPage : IAsyncDisposable
{
    private const string GivingBack = "/deprovision";

    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();

    // Chromium breaks off what is connecting whenever a network interface comes or goes: containers' do beside it.
    private readonly List<string> _expected = ["ERR_NETWORK_CHANGED"];

    private OpenedPage(IBrowserContext context, IPage page) => (_context, Page) = (context, page);

    public IPage Page { get; }

    public ILocator State => Page.Locator("#state");

    public ILocator Output => Page.Locator("#output");

    public static async Task<OpenedPage> OpenAsync(IBrowserContext context, Uri address, Func<IPage, Task>? before)
    {
        var opened = new OpenedPage(context, await context.NewPageAsync());
        opened.Page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                opened._complaints.Enqueue($"{message.Type}: {message.Text} ({message.Location})");
            }
        };
        opened.Page.PageError += (_, error) => opened._complaints.Enqueue($"exception: {error}");
        await opened.Page.AddInitScriptAsync(
            "addEventListener('securitypolicyviolation', e => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))");
        if (before is not null)
        {
            await before(opened.Page);
        }

        await opened.StartsAsync(address);
        return opened;
    }

    /// <summary>What the opened terminal shows.</summary>
    public ILocator Screen => Page.Locator(".console .xterm-rows");

    public ILocator this[string selector] => Page.Locator(selector);

    /// <summary>Lets the browser complain of what a test does on purpose.</summary>
    public OpenedPage Expecting(params string[] complaints)
    {
        _expected.AddRange(complaints);
        return this;
    }

    public Task IsWellAsync() => Expect(State).ToContainTextAsync("All is well");

    // Loading can itself be broken off by a network interface that comes or goes: as a reader would, it is begun anew.
    private async Task StartsAsync(Uri address)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await Page.GotoAsync(address.AbsoluteUri);
                await Expect(State).Not.ToHaveTextAsync("Connecting…", new() { Timeout = 15_000 });
                return;
            }
            catch (PlaywrightException e) when (tries < 6)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"The page did not start and is reloaded: {e.Message} {string.Join(", ", _complaints)}");
            }
        }
    }

    /// <summary>Opens one of the four views.</summary>
    public async Task ShowAsync(string view)
    {
        await this[$"#tab-{view}"].ClickAsync();
        await Expect(this[$"#{view}"]).ToBeVisibleAsync();
    }

    /// <summary>Gets a runner for a session and waits until the page has it.</summary>
    public async Task ProvisionAsync(string session)
    {
        await this["#session"].FillAsync(session);
        await this["#get"].ClickAsync();
        await Expect(this["#held-session"]).ToHaveTextAsync(session);
    }

    /// <summary>Runs code as its reader would.</summary>
    public async Task RunAsync(string language, string code)
    {
        await this[$"#run input[value={language}]"].CheckAsync(new() { Force = true });
        await this["#code"].FillAsync(code);
        await this["#start"].ClickAsync();
    }

    /// <summary>Opens a session's runner, and one of its parts.</summary>
    public async Task OpenRunnerAsync(string session, string part = "terminal")
    {
        var open = Page.GetByRole(AriaRole.Button, new() { Name = $"Open the runner of {session}" });
        await open.ClickAsync();
        try
        {
            await Expect(this["#sandbox-title"]).ToContainTextAsync(session, new() { Timeout = 20_000 });
        }
        catch (PlaywrightException)
        {
            // A row that is redrawn between press and release loses the click.
            await open.ClickAsync();
            await Expect(this["#sandbox-title"]).ToContainTextAsync(session);
        }

        await this[$"#sandbox-tab-{part}"].ClickAsync();
        if (part == "terminal")
        {
            await Expect(this["#sandbox-terminal [role=status]"]).ToContainTextAsync("Process");
            await Expect(this[".xterm-helper-textarea"]).ToBeFocusedAsync();
        }
    }

    /// <summary>Types a line into the terminal.</summary>
    public async Task TypeAsync(string line)
    {
        await this[".xterm-helper-textarea"].FocusAsync();
        await Page.Keyboard.TypeAsync(line);
        await Page.Keyboard.PressAsync("Enter");
    }

    /// <summary>Writes an empty file as the page could, with its secret.</summary>
    public Task PutEmptyAsync(string address) => Page.EvaluateAsync(
        """
        async address => fetch(address, {
          method: 'PUT', body: '', headers: { 'X-Orchestrator-Page': document.querySelector('meta[name=orchestrator-page]').content },
        }).then(() => null)
        """,
        address);

    /// <summary>Gives the runner back and waits until the page is without one.</summary>
    public async Task GiveBackAsync()
    {
        await this["#give"].ClickAsync();
        await Expect(this["#held"]).ToBeHiddenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        // Asked a second time because the first answer was broken off, it has been done.
        var askedAgain = _complaints.Any(complaint => Tells(complaint, "ERR_NETWORK_CHANGED", GivingBack));
        var unexpected = _complaints.Where(complaint => !_expected.Any(expected => Tells(complaint, expected))
            && !(askedAgain && Tells(complaint, "404", GivingBack))).ToList();
        TestContext.Current.TestOutputHelper?.WriteLine($"The browser complained: {string.Join(Environment.NewLine, _complaints)}");
        Assert.Empty(unexpected);
    }

    private static bool Tells(string complaint, params string[] words) =>
        words.All(word => complaint.Contains(word, StringComparison.Ordinal));
}
