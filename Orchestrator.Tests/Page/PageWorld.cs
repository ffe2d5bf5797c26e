using Microsoft.Playwright;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Page;

/// <summary>A headless Chromium, as installed, and a server on the real engine, shared by the page's tests.</summary>
public sealed class PageWorld : ComponentFixture
{
    // Generous: these machines are slow, and nothing is measured by it.
    internal const float Patience = 90_000;

    private const string Chromium = "chromium-headless-shell";

    private readonly SemaphoreSlim _gate = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private ApiServer? _server;

    protected override ValueTask StartAsync()
    {
        // Before a server is started for it.
        Components.Require(Chromium);
        Microsoft.Playwright.Assertions.SetDefaultExpectTimeout(Patience);
        return ValueTask.CompletedTask;
    }

    /// <summary>The server that most tests look at: a pool of one session runner, and one machine.</summary>
    internal async Task<ApiServer> ServerAsync()
    {
        await _gate.WaitAsync();
        try
        {
            return _server ??= await ApiServer.StartAsync("--Runners:MinIdle=1", "--Machines:MinIdle=1");
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Opens the page of a server in a profile of its own, and waits until it has shown how things are.</summary>
    internal async Task<OpenedPage> OpenAsync(Uri? address = null, BrowserNewContextOptions? options = null, Func<IPage, Task>? before = null, bool wait = true)
    {
        address ??= (await ServerAsync()).Sessions.BaseAddress!;
        var browser = await BrowserAsync();
        var context = await browser.NewContextAsync(options ?? new() { ViewportSize = new() { Width = 1280, Height = 900 } });
        context.SetDefaultTimeout(Patience);
        var page = await OpenedPage.OpenAsync(context, address, before);
        if (wait)
        {
            await page.IsWellAsync();
        }

        return page;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _gate.Dispose();
    }

    private async Task<IBrowser> BrowserAsync()
    {
        var program = Components.Require(Chromium);
        await _gate.WaitAsync();
        try
        {
            _playwright ??= await Playwright.CreateAsync();
            // Chromium refuses its own sandbox to root; shared memory is scarce in containers.
            string[] arguments = [.. Environment.UserName == "root" ? ["--no-sandbox"] : Array.Empty<string>(), "--disable-dev-shm-usage", "--disable-gpu"];
            return _browser ??= await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = arguments, Timeout = Patience });
        }
        finally
        {
            _gate.Release();
        }
    }
}

/// <summary>The page's tests share a browser and a server, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class InTheBrowser : ICollectionFixture<PageWorld>
{
    public const string Name = "In the browser";
}
