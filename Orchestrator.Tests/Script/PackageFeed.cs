using System.IO.Compression;
using System.Text.RegularExpressions;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Script;

/// <summary>A package feed of a folder, with what a test puts into it: packages that have a name, a version and nothing in them.</summary>
internal sealed partial class PackageFeed
{
    private readonly Dictionary<string, Version> _packages = [];

    /// <param name="packages">Those that it has, in the versions that the repository asks for.</param>
    public PackageFeed(params string[] packages)
    {
        var pinned = File.ReadAllText(Path.Combine(Repository.Root, "Directory.Packages.props"));
        var aspire = Pin().Match(pinned).Groups[1].Value;
        foreach (var package in packages)
        {
            var version = Regex.Match(pinned, $"Include=\"{Regex.Escape(package)}\" Version=\"([^\"]+)\"").Groups[1].Value;
            _packages[package] = Version.Parse(version == "$(AspireVersion)" ? aspire : version);
        }

        var sdk = Sdk().Match(File.ReadAllText(Path.Combine(Repository.Root, "Orchestrator.AppHost", "Orchestrator.AppHost.csproj"))).Groups[1].Value;
        _packages["Aspire.AppHost.Sdk"] = Version.Parse(sdk);
    }

    /// <summary>The version of a package.</summary>
    public Version this[string package] => _packages[package];

    /// <summary>The same without some packages.</summary>
    public PackageFeed Without(params string[] packages)
    {
        foreach (var package in packages)
        {
            _packages.Remove(package);
        }

        return this;
    }

    /// <summary>The same, with a package in a later version only.</summary>
    public PackageFeed WithLater(string package)
    {
        var version = _packages[package];
        _packages[package] = new Version(version.Major, version.Minor, version.Build + 1);
        return this;
    }

    /// <summary>Writes the packages into a folder.</summary>
    public void WriteTo(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (name, version) in _packages)
        {
            using var package = ZipFile.Open(Path.Combine(folder, $"{name}.{version}.nupkg"), ZipArchiveMode.Create);
            Write(package, $"{name}.nuspec", $"""
                <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata>
                  <id>{name}</id><version>{version}</version><authors>nobody</authors><description>Empty.</description>
                </metadata></package>
                """);
            if (name == "Aspire.AppHost.Sdk")
            {
                Write(package, "Sdk/Sdk.props", "<Project />");
                Write(package, "Sdk/Sdk.targets", "<Project />");
            }
        }
    }

    private static void Write(ZipArchive package, string file, string text)
    {
        using var writer = new StreamWriter(package.CreateEntry(file).Open());
        writer.Write(text);
    }

    [GeneratedRegex("<AspireVersion>(.+)</AspireVersion>")]
    private static partial Regex Pin();

    [GeneratedRegex("Sdk=\"Aspire.AppHost.Sdk\" Version=\"([^\"]+)\"")]
    private static partial Regex Sdk();
}
