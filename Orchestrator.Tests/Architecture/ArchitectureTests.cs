using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security;
using System.Text.RegularExpressions;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Architecture;

/// <summary>The direction of dependencies, and the house's rules for names.</summary>
public sealed partial class ArchitectureTests
{
    [Theory]
    [InlineData("Client", "")]
    [InlineData("Core", "")]
    [InlineData("Guest", "")]
    [InlineData("Engines", "Core Guest")]
    [InlineData("Storage", "Core")]
    [InlineData("ServiceDefaults", "Client")]
    [InlineData("Worker", "Client Core Storage ServiceDefaults")]
    [InlineData("Api", "Client Core Engines Guest Storage ServiceDefaults Worker")]
    public void References_OfAnAssembly_PointOneWay(string assembly, string allowed)
    {
        var ours = ProductAssemblies.ReferencesOf(assembly).Where(ProductAssemblies.IsOurs).Select(name => name["Orchestrator.".Length..]);

        Assert.Empty(ours.Except(allowed.Split(' ')));
    }

    [Fact]
    public void References_OfCore_AreAbstractionsOnly()
    {
        var others = ProductAssemblies.ReferencesOf("Core").Where(name =>
            name is "System.Net.Http" || !(name.StartsWith("System.", StringComparison.Ordinal) || name is "Polly.Core"
                || (name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) && name.EndsWith("Abstractions", StringComparison.Ordinal))));

        Assert.Empty(others);
    }

    [Theory]
    [InlineData("Core")]
    [InlineData("Engines")]
    [InlineData("Storage")]
    public void Module_OfALibrary_HasNoUnsafeCode(string assembly) =>
        Assert.False(ProductAssemblies.Get(assembly).ManifestModule.IsDefined(typeof(UnverifiableCodeAttribute), inherit: false));

    [Fact]
    public void TypeNames_InTheProduct_AreUnique()
    {
        var shared = ProductAssemblies.Types.GroupBy(type => type.Name).Where(group => group.Count() > 1).Select(group => group.Key);

        Assert.Empty(shared);
    }

    [Fact]
    public void TypeNames_InTheProduct_HideNoWellKnownOnes()
    {
        var others = ProductAssemblies.All
            .SelectMany(assembly => assembly.GetReferencedAssemblies())
            .Where(name => !ProductAssemblies.IsOurs(name.Name))
            .DistinctBy(name => name.FullName)
            .SelectMany(name => Assembly.Load(name).GetExportedTypes())
            .Where(type => !type.IsNested)
            .Select(type => type.Name)
            .ToHashSet();

        Assert.DoesNotContain(ProductAssemblies.Types, type => others.Contains(type.Name));
    }

    [Fact]
    public void Endpoints_ByTheirSuffix_AreStatic() =>
        Assert.All(Named("Endpoints"), type => Assert.True(type is { IsAbstract: true, IsSealed: true }, type.FullName));

    [Fact]
    public void Options_ByTheirSuffix_AreSealedAndCanBeBound()
    {
        var options = Named("Options").Where(type => !type.IsAbstract).ToList();

        Assert.All(options, type => Assert.True(type.IsSealed && type.GetConstructor([]) is not null, type.FullName));
        Assert.All(options, type => Assert.Contains(type.GetProperties(), property => property.SetMethod is not null));
        Assert.DoesNotContain(options.SelectMany(type => type.GetProperties()), IsInitOnly);
    }

    [Fact]
    public void Exceptions_ByTheirSuffix_DeriveFromException() =>
        Assert.All(Named("Exception"), type => Assert.True(type.IsAssignableTo(typeof(Exception)), type.FullName));

    [Fact]
    public void Namespaces_OfSourceFiles_EqualTheirFolders()
    {
        var files = Directory.EnumerateDirectories(Repository.Root, "Orchestrator.*")
            .SelectMany(project => Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

        var wrong = files.Where(file => Namespace().Match(File.ReadAllText(Path.Combine(Repository.Root, file))) is { Success: true } found
            && found.Groups[1].Value != Path.GetDirectoryName(file)!.Replace('/', '.'));

        Assert.Empty(wrong);
    }

    private static IEnumerable<Type> Named(string suffix) => ProductAssemblies.Types.Where(type => type.Name.EndsWith(suffix, StringComparison.Ordinal));

    private static bool IsInitOnly(PropertyInfo property) =>
        property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ?? false;

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
