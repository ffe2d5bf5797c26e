using Microsoft.Playwright;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Tests.Page;

/// <summary>
/// Makes the README's pictures, when asked to by name: <c>./orchestrator test ScreenshotTests -- -explicit only</c>.
/// </summary>
[Collection(InTheBrowser.Name)]
public sealed class ScreenshotTests(PageWorld world)
{
    private const int MaxBytes = 200_000;

    private static readonly ViewportSize Size = new() { Width = 1180, Height = 1000 };

    [Fact(Explicit = true)]
    public async Task Pictures_OfThePageInUse_AreMade()
    {
        await using var server = await ApiServer.StartAsync("--Runners:MinIdle=3", "--Machines:MinIdle=2");
        await Eventually.TrueAsync(async () => (await server.RunnersAsync()).Count(runner => runner.State == "idle") == 5, TimeSpan.FromMinutes(2));
        await server.Machines.GetAsync("/my-project", TestContext.Current.CancellationToken).JsonAsync(200);
        await server.ProvisionAsync("somebody-else");

        await using (var light = await world.OpenAsync(server.Sessions.BaseAddress, new() { ColorScheme = ColorScheme.Light, ViewportSize = Size }))
        {
            await light.ProvisionAsync("alice");
            await light["#start"].ClickAsync();
            await Expect(light["#run-state"]).ToContainTextAsync("exit code 0");
            await light.Page.EvaluateAsync("() => document.activeElement.blur()");
            await SaveAsync(light, "page-light");
        }

        await using var dark = await world.OpenAsync(server.Sessions.BaseAddress, new() { ColorScheme = ColorScheme.Dark, ViewportSize = Size });
        await AppearancePageTests.UseEverythingAsync(dark, "bob");
        await dark.ShowAsync("tasks");
        await Expect(dark["#task-table tbody tr"]).ToHaveCountAsync(3);
        await dark.Page.Mouse.MoveAsync(0, 0);
        await SaveAsync(dark, "page-dark");
    }

    private static async Task SaveAsync(OpenedPage page, string name)
    {
        var path = Path.Combine(Repository.Root, "docs", $"{name}.png");
        await page.Page.ScreenshotAsync(new() { Path = path, FullPage = true, Animations = ScreenshotAnimations.Disabled, Caret = ScreenshotCaret.Hide });
        Assert.InRange(new FileInfo(path).Length, 10_000, MaxBytes);
    }
}
