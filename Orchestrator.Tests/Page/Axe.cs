using System.Diagnostics;
using System.Text.Json;
using Microsoft.Playwright;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Page;

/// <summary>The accessibility checker axe-core, fetched by npm into the tests' output the first time.</summary>
internal static class Axe
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "axe");
    private static readonly string Script = Path.Combine(Folder, "node_modules", "axe-core", "axe.min.js");

    /// <summary>What is wrong with what a page shows; empty when nothing is.</summary>
    public static async Task<IReadOnlyList<string>> CheckAsync(IPage page)
    {
        await page.EvaluateAsync(await ReadAsync());
        var found = await page.EvaluateAsync<JsonElement>("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations");
        return
        [
            .. from violation in found.EnumerateArray()
               from node in violation.GetProperty("nodes").EnumerateArray()
               select $"{violation.GetProperty("id")}: {node.GetProperty("html")} {node.GetProperty("failureSummary")}",
        ];
    }

    private static async Task<string> ReadAsync()
    {
        if (!File.Exists(Script))
        {
            await FetchAsync();
        }

        return await File.ReadAllTextAsync(Script);
    }

    private static async Task FetchAsync()
    {
        var npm = Components.Require("npm");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var install = Subprocess.Start(new ProcessStartInfo(npm, ["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        });
        var said = Task.WhenAll(install.StandardOutput.ReadToEndAsync(limit.Token), install.StandardError.ReadToEndAsync(limit.Token));
        try
        {
            await install.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            install.Kill(entireProcessTree: true);
            Components.Missing(Component.Npm, "it did not fetch axe-core within two minutes");
        }

        if (install.ExitCode != 0)
        {
            Components.Missing(Component.Npm, $"it could not fetch axe-core: {string.Concat(await said)}");
        }
    }
}
