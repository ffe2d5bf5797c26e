using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Documents;

/// <summary>The tables of the configuration's page are what the options' own documentation says.</summary>
public sealed class SettingTablesTests
{
    private static readonly string Page = Path.Combine(Repository.Root, "docs", "configuration.md");

    [Fact]
    public void Tables_OfThePage_AreTheOptions()
    {
        var page = File.ReadAllText(Page);
        var expected = SettingTables.Render(page);
        if (Environment.GetEnvironmentVariable("ORCHESTRATOR_WRITE_DOCS") == "1")
        {
            File.WriteAllText(Page, expected);
            return;
        }

        Assert.True(page == expected, "docs/configuration.md differs from the options' documentation; update it with ./orchestrator docs");
    }

    [Fact]
    public void Tables_OfThePage_HaveEveryOption() => Assert.Equal(
        SettingTables.Options.Select(type => type.Name).Order(), SettingTables.NamesIn(File.ReadAllText(Page)).Order());
}
