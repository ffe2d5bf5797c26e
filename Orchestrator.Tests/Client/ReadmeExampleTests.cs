using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Client;

/// <summary>The documents' C# example is the sample that the build compiles.</summary>
public sealed class ReadmeExampleTests
{
    [Theory]
    [InlineData("README.md")]
    [InlineData("Orchestrator.Client/README.md")]
    public void Example_InTheDocument_IsTheSample(string document)
    {
        var sample = File.ReadAllText(Path.Combine(Repository.Root, "samples/RunCode/Program.cs"));

        Assert.Contains($"```csharp\n{sample}```\n", File.ReadAllText(Path.Combine(Repository.Root, document)), StringComparison.Ordinal);
    }
}
