using System.Text;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Tests.Page;

/// <summary>The files of an opened runner, on the process engine.</summary>
[Collection(InTheBrowser.Name)]
public sealed class FilesPageTests(PageWorld world, EmbeddedServer server) : IClassFixture<EmbeddedServer>
{
    private const string Markup = "<img src=x onerror=window.caught=1>";

    [Fact]
    public async Task File_DroppedEditedAndDownloaded_IsAsItWasSaved()
    {
        await using var page = await OpenAsync("edited");
        await DropAsync(page, "notes.txt", "first\r\nsecond\r\n");

        await Name(page, "notes.txt").ClickAsync();
        await Expect(page["#editor"]).ToHaveValueAsync("first\nsecond\n");
        await Expect(page["#editor"]).ToBeFocusedAsync();
        await page["#editor"].FillAsync("first\nthird\n");
        await page.Page.Keyboard.PressAsync("Control+S");
        await Expect(page[".editor [role=status]"].Last).ToHaveTextAsync("Saved");
        await page[".editor"].GetByText("Close the file").ClickAsync();
        await Expect(Name(page, "notes.txt")).ToBeFocusedAsync();

        Assert.Equal("first\r\nthird\r\n", await DownloadAsync(page, "notes.txt"));
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Files_ChosenByTheButton_AreUploaded()
    {
        await using var page = await OpenAsync("chosen");
        var chosen = page.Page.WaitForFileChooserAsync();
        await page["#sandbox-files"].GetByText("Upload", new() { Exact = true }).ClickAsync();

        await (await chosen).SetFilesAsync([Payload("one.txt", "one"), Payload("empty", "")]);

        await Expect(Name(page, "one.txt")).ToBeVisibleAsync();
        await Expect(Row(page, "empty")).ToContainTextAsync("0 B");
        Assert.Equal("one", await DownloadAsync(page, "one.txt"));
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Folder_MadeFilledRenamedAndRemoved_IsShownSo()
    {
        await using var page = await OpenAsync("folders");
        var files = page["#sandbox-files"];

        await files.GetByText("New folder").ClickAsync();
        await NameItAsync(page, "src");
        await Name(page, "src").ClickAsync();
        await Expect(page[".crumbs [aria-current]"]).ToHaveTextAsync("src");
        await files.GetByText("New file").ClickAsync();
        await NameItAsync(page, "main.py");
        await Expect(page["#editor"]).ToBeFocusedAsync();
        await page[".editor"].GetByText("Close the file").ClickAsync();
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Rename main.py" }).ClickAsync();
        await NameItAsync(page, "app.py");
        await Expect(Name(page, "app.py")).ToBeVisibleAsync();
        await Expect(Name(page, "main.py")).ToHaveCountAsync(0);

        await page[".crumbs"].GetByText("Home").ClickAsync();
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Remove src" }).ClickAsync();
        await page["#ask-yes"].ClickAsync();
        await Expect(Name(page, "src")).ToHaveCountAsync(0);
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Files_ChangedInTheRunner_AreShownAsTheyChange()
    {
        await using var page = await OpenAsync("live");
        await page["#sandbox-tab-terminal"].ClickAsync();
        await Expect(page["#sandbox-terminal [role=status]"]).ToContainTextAsync("Process");
        // Both happen while the folder is looked at.
        await page.TypeAsync("(while [ ! -e go ]; do sleep 0.1; done; echo 12345 > made.txt; until [ -e on ]; do sleep 0.1; done; echo more > made.txt) &");
        await page["#sandbox-tab-files"].ClickAsync();
        await Expect(page["#sandbox-files [role=status]"].First).ToHaveTextAsync("Live");

        await DropAsync(page, "go", "");

        await Expect(Row(page, "made.txt")).ToContainTextAsync("6 B");
        await Name(page, "made.txt").ClickAsync();
        await Expect(page["#editor"]).ToHaveValueAsync("12345\n");
        await page["#editor"].FillAsync("mine\n");
        await page.PutEmptyAsync("api/runner/live/files?path=on");
        await Expect(page[".editor .notice"]).ToContainTextAsync("has changed in the runner");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task File_ThatIsNoText_IsRefusedByTheEditor()
    {
        await using var page = await OpenAsync("binary");
        var chosen = page.Page.WaitForFileChooserAsync();
        await page["#sandbox-files"].GetByText("Upload", new() { Exact = true }).ClickAsync();
        await (await chosen).SetFilesAsync(new FilePayload { Name = "picture.png", MimeType = "image/png", Buffer = [0x89, 0x50, 0xff, 0x00] });

        await Name(page, "picture.png").ClickAsync();

        await Expect(page["#sandbox-files [role=alert]"]).ToContainTextAsync("not text");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task File_NamedAsMarkup_StaysText()
    {
        await using var page = await OpenAsync("attack-by-name");

        await DropAsync(page, Markup, Markup);

        await Expect(Name(page, Markup)).ToBeVisibleAsync();
        await Name(page, Markup).ClickAsync();
        await Expect(page["#editor"]).ToHaveValueAsync(Markup);
        Assert.True(await page.Page.EvaluateAsync<bool>("() => window.caught === undefined && document.querySelectorAll('main img').length === 0"));
        await page.GiveBackAsync();
    }

    private static ILocator Name(OpenedPage page, string name) =>
        page["#sandbox-files .name"].And(page.Page.GetByText(name, new() { Exact = true }));

    private static ILocator Row(OpenedPage page, string name) => page["#sandbox-files tbody tr"].Filter(new() { HasText = name });

    private static FilePayload Payload(string name, string text) => new() { Name = name, MimeType = "text/plain", Buffer = Encoding.UTF8.GetBytes(text) };

    private static async Task DropAsync(OpenedPage page, string name, string text)
    {
        var transfer = await page.Page.EvaluateHandleAsync(
            "([name, text]) => { const transfer = new DataTransfer(); transfer.items.add(new File([text], name)); return transfer; }", new[] { name, text });
        var browser = page["#sandbox-files > .part"];
        await browser.DispatchEventAsync("dragover", new { dataTransfer = transfer });
        await browser.DispatchEventAsync("drop", new { dataTransfer = transfer });
        await Expect(Name(page, name)).ToBeVisibleAsync();
    }

    private static async Task NameItAsync(OpenedPage page, string name)
    {
        await page["#name"].FillAsync(name);
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page["#name"]).ToHaveCountAsync(0);
    }

    private static async Task<string> DownloadAsync(OpenedPage page, string name)
    {
        var download = await page.Page.RunAndWaitForDownloadAsync(() =>
            page.Page.GetByRole(AriaRole.Button, new() { Name = $"Download {name}" }).ClickAsync());
        Assert.Equal(name, download.SuggestedFilename);
        return await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
    }

    private async Task<OpenedPage> OpenAsync(string session)
    {
        var page = await world.OpenAsync(server.Address, wait: false);
        await page.ProvisionAsync(session);
        await page.OpenRunnerAsync(session, "files");
        await Expect(page["#sandbox-files [role=status]"].First).ToHaveTextAsync("Live");
        return page;
    }
}
